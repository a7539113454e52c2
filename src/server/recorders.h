// Recorders: several who want to know the same things.
#pragma once

#include <vector>

#include "switching/record.h"

namespace turnout {

class Recorders final : public Recorder {
 public:
  void add(Recorder* recorder) { all_.push_back(recorder); }
  bool empty() const noexcept { return all_.empty(); }
  void write(const Record& record) noexcept override {
    for (Recorder* one : all_) one->write(record);
  }
  void write(const Session& session, const Handshake& handshake) noexcept override {
    for (Recorder* one : all_) one->write(session, handshake);
  }

 private:
  std::vector<Recorder*> all_;
};

}  // namespace turnout
