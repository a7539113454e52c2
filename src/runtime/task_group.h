// TaskGroup: tasks that run beside their parent and are joined by it, never detached.
//
//   TaskGroup group;
//   group.spawn(serve(stream_one));
//   group.spawn(serve(stream_two));
//   co_await group.join();            // until both are done; more may be spawned meanwhile
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>

#include "runtime/task.h"

namespace turnout {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { assert(running_ == 0 && "a group is joined before it goes away"); }

  /// Starts the task at once; it runs until it first has to wait.
  template <class T>
  void spawn(Task<T> task) {
    run(*this, std::move(task));
  }

  std::size_t running() const noexcept { return running_; }

  struct Join {
    TaskGroup& group;
    bool await_ready() const noexcept { return group.running_ == 0; }
    void await_suspend(std::coroutine_handle<> joiner) const noexcept { group.joiner_ = joiner; }
    void await_resume() const noexcept {}
  };
  Join join() noexcept { return {*this}; }

  /// What a coroutine returns that is itself a child of the group which is its first argument, without a task and a
  /// frame more in between. Calling it starts it; its frame goes away at its end, and the last child resumes the
  /// joiner.
  struct Child {
    struct promise_type {
      TaskGroup& group;
      template <class... Rest>
      explicit promise_type(TaskGroup& owner, Rest&...) noexcept : group(owner) {
        ++group.running_;
      }

      struct Leave {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> child) const noexcept {
          TaskGroup& owner = child.promise().group;
          child.destroy();
          return owner.one_is_done();
        }
        void await_resume() const noexcept {}
      };

      Child get_return_object() const noexcept { return {}; }
      std::suspend_never initial_suspend() const noexcept { return {}; }
      Leave final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const noexcept { std::terminate(); }

      static void* operator new(std::size_t size) { return pool_take(size); }
      static void operator delete(void* frame, std::size_t size) noexcept { pool_give_back(frame, size); }
    };
  };

 private:
  template <class T>
  static Child run(TaskGroup& /*group*/, Task<T> task) {
    (void)co_await std::move(task);
  }
  static Child run(TaskGroup& /*group*/, Task<void> task) { co_await std::move(task); }

  std::coroutine_handle<> one_is_done() noexcept {
    --running_;
    if (running_ == 0 && joiner_) return std::exchange(joiner_, {});
    return std::noop_coroutine();
  }

  std::size_t running_ = 0;
  std::coroutine_handle<> joiner_;
};

}  // namespace turnout
