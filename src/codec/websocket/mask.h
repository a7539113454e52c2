// The mask over the payload of a client's frames (RFC 6455 section 5.3).
//
//   apply_mask(payload, header.mask, 0);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace turnout::websocket {

using MaskKey = std::array<std::byte, 4>;

/// Puts the mask on, or takes it off: the same operation. `offset` is how many bytes of the frame's payload
/// came before `payload`.
void apply_mask(MutableBytes payload, MaskKey key, std::uint64_t offset) noexcept;

/// One way to do it. All of them do the same; apply_mask() takes the fastest that the processor has.
using MaskWay = void (*)(MutableBytes payload, MaskKey key, std::uint64_t offset) noexcept;

/// The ways that this processor has, the fastest first. The last one runs on every processor.
std::span<const MaskWay> mask_ways() noexcept;

}  // namespace turnout::websocket
