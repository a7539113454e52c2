// TcpTest: connections over the loopback interface, one end on a loop and the other a blocking descriptor.
//
//   class Tcp : public TcpTest {};
//   TEST_F(Tcp, Reads) {
//     auto [ours, theirs] = connect();
//     send_all(theirs, "hello");
//     loop.connections.spawn(task_with(Wire(std::move(ours))));
//     run();                                  // until every task has ended
//   }
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/descriptor.h"
#include "runtime/epoll_loop.h"
#include "transport/tcp_stream.h"

namespace turnout {

/// A blocking socket that listens on a port of its own on 127.0.0.1.
Descriptor listen_on_loopback(int backlog);

/// A blocking socket that is connected to the address.
Descriptor connect_to(const Address& address);

void send_all(const Descriptor& socket, std::string_view bytes);
std::string receive_to_end(const Descriptor& socket);
/// Closes so that the peer gets RST.
void reset(Descriptor& socket);

class TcpTest : public ::testing::Test {
 protected:
  TcpTest();

  std::pair<std::unique_ptr<TcpStream>, Descriptor> connect();
  /// Until the end of the test.
  void keep(Descriptor socket) { kept_.push_back(std::move(socket)); }
  /// Until every task of loop.connections has ended. One that waits for ever is an error after a while.
  void run();

  EpollLoop loop;

 private:
  std::vector<Descriptor> kept_;
};

}  // namespace turnout
