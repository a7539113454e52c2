// Files: what lies below a folder, to read.
//
//   auto docs = Files::open("/srv/docs", "/docs");       // /docs/guide.html is /srv/docs/guide.html
//   router.add({.path = *PathPattern::parse("/docs/**")}, Route{.handler = docs->get()});
//
// GET and HEAD, with conditional requests and byte ranges. A folder is its index.html; without its final slash it is
// redirected to the name with it. Nothing is listed, and no name that begins with a dot is served. A file goes out as
// it is on disk, by sendfile where the connection can; only a small one is ever in memory whole.
//
// X-Content-Type-Options: nosniff is sent with every file, because types come from names here and an upload shall not
// become a page by what it holds. Cache-Control is not sent: how long something is good for is for its owner to say.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "handlers/root_folder.h"
#include "switching/exchange.h"

namespace turnout {

class Files final : public Handler {
 public:
  /// `prefix` is what a path loses at its front before it is looked up under `root`. The error is a sentence without a
  /// final full stop.
  static std::expected<std::unique_ptr<Files>, std::string> open(const std::string& root, std::string prefix);

  Files(RootFolder root, std::string prefix) noexcept : root_(std::move(root)), prefix_(std::move(prefix)) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  RootFolder root_;
  std::string prefix_;
};

}  // namespace turnout
