// A token of your own: what a program needs to be asked for its protocol, by Upgrade in HTTP/1.1 (RFC 9110 section 7.8)
// and by extended CONNECT in HTTP/2 (RFC 8441).
//
//   class ShoutUpgrader final : public turnout::Upgrader {
//     const char* token() const noexcept override { return "shout"; }       // as registered; a literal
//     turnout::Task<turnout::Verdict> consider(const turnout::UpgradeOffer& offer, const turnout::UpgradeToken& token,
//                                              turnout::Session& session) const override {
//       if (!offer.route->allows("shout")) co_return turnout::Decline{turnout::Why::token_not_on_route};
//       turnout::Accept accepted;
//       accepted.token = "shout";                                           // for the record; a literal
//       accepted.upgrade = "shout";                                         // the value of Upgrade in the 101
//       accepted.successor = std::make_unique<Shout>();
//       co_return accepted;
//     }
//   };
//
// What to know about it:
// - consider() is called when the request and its body (offer.request) are whole. It is const, and shared by all
//   workers.
// - Decline is no error: the request is answered as if nothing had been offered. Refuse is for rules and for faults of
//   the offer itself, with a status from 400 to 499. Accept comes last: nothing may fail after it.
// - Offers without "Connection: upgrade", in HTTP/1.0, or passed on by a hop that is not trusted (is_hop_by_hop) never
//   get here.
#pragma once

#include "switching/registry.h"
#include "switching/session.h"
#include "switching/upgrade.h"
