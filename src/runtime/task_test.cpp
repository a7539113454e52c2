#include "runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/task_group.h"

namespace turnout {
namespace {

/// Suspends whoever awaits it until open() is called.
class Gate {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { waiting_ = caller; }
  void await_resume() const noexcept {}

  bool is_awaited() const noexcept { return waiting_ != nullptr; }
  void open() { std::exchange(waiting_, nullptr).resume(); }

 private:
  std::coroutine_handle<> waiting_;
};

Task<int> one() {
  co_return 1;
}

Task<int> sum_of_ones(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await one();
  co_return sum;
}

Task<int> depth_below(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await depth_below(levels - 1);
  co_return below + 1;
}

template <class T>
Task<void> store(Task<T> task, T& into) {
  into = co_await std::move(task);
}

TEST(Task, AMillionAwaitsDoNotGrowTheStack) {
  TaskGroup group;
  int sum = 0;
  group.spawn(store(sum_of_ones(1'000'000), sum));
  EXPECT_EQ(sum, 1'000'000);
}

TEST(Task, NeitherDoesADeepChain) {
  TaskGroup group;
  int depth = 0;
  group.spawn(store(depth_below(20'000), depth));
  EXPECT_EQ(depth, 20'000);
}

Task<void> set(bool& flag) {
  flag = true;
  co_return;
}

TEST(Task, NothingRunsBeforeItIsAwaited) {
  bool ran = false;
  {
    const Task<void> task = set(ran);
  }
  EXPECT_FALSE(ran);
}

Task<std::unique_ptr<std::string>> make_text() {
  co_return std::make_unique<std::string>("only movable");
}

TEST(Task, AValueThatOnlyMovesComesOut) {
  TaskGroup group;
  std::unique_ptr<std::string> text;
  group.spawn(store(make_text(), text));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "only movable");
}

Task<void> pass(Gate& gate, std::vector<int>& order, int name) {
  co_await gate;
  order.push_back(name);
}

Task<void> join_and_note(TaskGroup& group, std::vector<int>& order) {
  co_await group.join();
  order.push_back(0);
}

TEST(TaskGroup, IsJoinedWhenTheLastOfItIsDone) {
  TaskGroup group;
  TaskGroup parents;
  Gate first;
  Gate second;
  std::vector<int> order;
  group.spawn(pass(first, order, 1));
  group.spawn(pass(second, order, 2));
  parents.spawn(join_and_note(group, order));
  EXPECT_EQ(group.running(), 2u);
  second.open();
  EXPECT_EQ(order, (std::vector{2}));
  first.open();
  EXPECT_EQ(order, (std::vector{2, 1, 0}));
  EXPECT_EQ(group.running(), 0u);
  EXPECT_EQ(parents.running(), 0u);
}

TEST(TaskGroup, WithoutAnythingRunningThereIsNothingToWaitFor) {
  TaskGroup group;
  TaskGroup parents;
  std::vector<int> order;
  parents.spawn(join_and_note(group, order));
  EXPECT_EQ(order, (std::vector{0}));
}

Task<void> spawn_another(Gate& gate, TaskGroup& group, Gate& other, std::vector<int>& order) {
  co_await gate;
  order.push_back(1);
  group.spawn(pass(other, order, 2));
}

TEST(TaskGroup, AChildMaySpawnItsSuccessor) {
  TaskGroup group;
  TaskGroup parents;
  Gate first;
  Gate second;
  std::vector<int> order;
  group.spawn(spawn_another(first, group, second, order));
  parents.spawn(join_and_note(group, order));
  first.open();
  EXPECT_EQ(order, (std::vector{1}));
  ASSERT_TRUE(second.is_awaited());
  second.open();
  EXPECT_EQ(order, (std::vector{1, 2, 0}));
}

}  // namespace
}  // namespace turnout
