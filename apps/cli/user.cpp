#include "cli/user.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>

#include "base/text.h"
#include "base/unique_fd.h"
#include "config/password_hash.h"
#include "users/password.h"
#include "users/users_file.h"

namespace vedette::cli {
namespace {

using users::User;
using users::Users;

struct Place {
  std::string storage;
  std::vector<User> configured;
  std::optional<std::vector<std::string>> cameras;  // that there are; none: there is no configuration
};

// A terminal that doesn't show what is typed, until this goes.
class WithoutEcho {
 public:
  explicit WithoutEcho(int fd) : fd_(fd) {
    known_ = ::tcgetattr(fd_, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  ~WithoutEcho() {
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  const int fd_;
  termios before_{};
  bool known_ = false;
};

// Up to the line's end, which goes with it.
Result<std::string> read_line(int fd) {
  std::string line;
  char c = 0;
  ssize_t got = 0;
  while ((got = ::read(fd, &c, 1)) == 1 && c != '\n') {
    if (line.size() > users::kLongestPassword) break;
    line.push_back(c);
  }
  if (got < 0) return errno_error("the password");
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

Result<std::string> ask(const UniqueFd& terminal, const char* question) {
  const WithoutEcho silent(terminal.get());
  ::dprintf(terminal.get(), "%s: ", question);
  auto line = read_line(terminal.get());
  ::dprintf(terminal.get(), "\n");
  return line;
}

Result<std::string> new_password() {
  if (::isatty(STDIN_FILENO) == 0) {
    VD_ASSIGN(std::string password, read_line(STDIN_FILENO));
    VD_TRY(users::check_password(password));
    return password;
  }
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal) return errno_error("the terminal, to ask for a password");
  VD_ASSIGN(std::string password, ask(terminal, "Password"));
  VD_TRY(users::check_password(password));
  VD_ASSIGN(const std::string again, ask(terminal, "Once more"));
  if (again != password) return Error{ErrorCode::kInvalidArgument, "the two differ; nothing was changed"};
  return password;
}

Result<Place> place_of(const CLI::App& user, const UserOptions& options) {
  std::error_code error;
  const bool has_config = user.count("--config") > 0 || std::filesystem::exists(options.common.config, error);
  VD_ASSIGN(const Config config, has_config ? load_config(options.common.config, overrides_of(options.common))
                                            : load_settings(overrides_of(options.common)));
  Place place{storage_dir(config.storage), {}, std::nullopt};
  for (const UserConfig& known : config.gateway.users)
    place.configured.push_back(
        {known.name, role_of(known.role).value_or(Role::kViewer), known.password_hash.value, known.cameras});
  if (!has_config) return place;
  place.cameras.emplace();
  for (const CameraConfig& camera : config.cameras) place.cameras->push_back(camera.name);
  return place;
}

Result<> check_cameras(const Place& place, const std::vector<std::string>& wanted) {
  for (const std::string& name : wanted) {
    const bool known = !place.cameras || std::find(place.cameras->begin(), place.cameras->end(), name) != place.cameras->end();
    if (!known) return Error{ErrorCode::kNotFound, "no camera \"" + name + "\" is configured"};
  }
  return {};
}

const User* find(const std::vector<User>& users, const std::string& name) {
  for (const User& user : users)
    if (user.name == name) return &user;
  return nullptr;
}

std::string cameras_text(const std::vector<std::string>& cameras) {
  std::string text;
  for (const std::string& camera : cameras) text += (text.empty() ? "" : ", ") + camera;
  return text.empty() ? "all" : text;
}

void tell_ended(std::size_t tokens, std::vector<std::string>& lines) {
  if (tokens > 0) lines.push_back("tokens that ended with that: " + std::to_string(tokens));
}

// A new user, or a change of one that is there: in the file, over the configuration's.
Result<std::vector<std::string>> put(const Place& place, const UserOptions& options, bool is_new, bool with_password) {
  if (!config::is_user_name(options.name))
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + options.name + "\"; expected a name of up to 64 letters, digits and . _ - @"};
  VD_TRY(check_cameras(place, options.cameras));
  const auto known_in = [&](const Users& file) {
    const User* known = find(file.users, options.name);
    return known != nullptr ? known : find(place.configured, options.name);
  };
  const auto fits = [&](const User* known) -> Result<> {
    if (is_new && known != nullptr) return Error{ErrorCode::kBusy, "there is a user \"" + options.name + "\" already"};
    if (!is_new && known == nullptr) return Error{ErrorCode::kNotFound, "no user \"" + options.name + "\""};
    return {};
  };
  VD_ASSIGN(const Users now, users::load_users(place.storage));
  VD_TRY(fits(known_in(now)));  // told before a password is asked for
  std::string hash;
  if (with_password) {
    VD_ASSIGN(const std::string password, new_password());
    VD_ASSIGN(hash, users::hash_password(password));
  }
  bool has_admin = false;
  std::size_t ended = 0;
  auto written = users::change_users(place.storage, [&](Users& file) -> Result<> {
    const User* known = known_in(file);
    VD_TRY(fits(known));
    User user = known != nullptr ? *known : User{.name = options.name};
    if (!hash.empty()) user.password_hash = hash;
    if (const auto role = role_of(options.role)) user.role = *role;
    if (!options.cameras.empty() || options.all_cameras) user.cameras = options.cameras;
    VD_TRY(users::check_rights(user.role, user.cameras));
    if (is_new || user.role != Role::kAdmin) ended = users::remove_tokens_of(file, options.name);
    std::erase_if(file.users, [&](const User& other) { return other.name == options.name; });
    file.users.push_back(std::move(user));
    const auto is_admin = [](const User& one) { return one.role == Role::kAdmin; };
    has_admin = std::any_of(file.users.begin(), file.users.end(), is_admin) ||
                std::any_of(place.configured.begin(), place.configured.end(), is_admin);
    return {};
  });
  if (!written) return std::move(written).error();
  std::vector<std::string> lines{"wrote " + users::users_path(place.storage)};
  tell_ended(ended, lines);
  if (!has_admin) lines.emplace_back("nobody is admin yet: vedette user add NAME --role admin");
  return lines;
}

Result<std::vector<std::string>> remove(const Place& place, const std::string& name) {
  const User* configured = find(place.configured, name);
  std::size_t ended = 0;
  VD_TRY(users::change_users(place.storage, [&](Users& file) -> Result<> {
    if (std::erase_if(file.users, [&](const User& user) { return user.name == name; }) > 0) {
      if (configured == nullptr || configured->role != Role::kAdmin) ended = users::remove_tokens_of(file, name);
      return {};
    }
    if (configured != nullptr)
      return Error{ErrorCode::kInvalidArgument, "\"" + name + "\" stands in the configuration (gateway.users); remove it there"};
    return Error{ErrorCode::kNotFound, "no user \"" + name + "\""};
  }));
  std::vector<std::string> lines{"wrote " + users::users_path(place.storage)};
  tell_ended(ended, lines);
  if (configured != nullptr) lines.push_back("\"" + name + "\" is as the configuration has it again");
  return lines;
}

Result<std::vector<std::string>> list(const Place& place) {
  VD_ASSIGN(const Users file, users::load_users(place.storage));
  std::vector<std::vector<std::string>> rows{{"NAME", "ROLE", "CAMERAS", "FROM"}};
  const auto add = [&](const User& user, const std::string& from) {
    rows.push_back({user.name, std::string(role_name(user.role)), cameras_text(user.cameras), from});
  };
  for (const User& user : file.users)
    add(user, find(place.configured, user.name) != nullptr ? "users.json, over the configuration" : "users.json");
  for (const User& user : place.configured)
    if (find(file.users, user.name) == nullptr) add(user, "the configuration");
  for (const users::Token& token : file.tokens)
    rows.push_back({token.name, std::string(role_name(token.role)), cameras_text(token.cameras),
                    "token " + token.id + (token.made_by.empty() ? "" : ", made by " + token.made_by)});
  return aligned(rows);
}

}  // namespace

CLI::App* add_user_command(CLI::App& app, UserOptions& options) {
  CLI::App* user = app.add_subcommand("user", "Who may log in on the page: add, change, remove, list users");
  add_common_options(*user, options.common);
  user->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, bool named) {
    CLI::App* made = user->add_subcommand(name, help);
    made->fallthrough();
    if (named) made->add_option("name", options.name, "The user")->required();
    return made;
  };
  const auto with_rights = [&](CLI::App* made) {
    made->add_option("--role", options.role,
                     "viewer (watches), operator (also pauses cameras, changes their mode), admin (everything)")
        ->check(CLI::IsMember({"viewer", "operator", "admin"}));
    made->add_option("--camera", options.cameras, "Sees this camera alone; may be given again")->type_name("NAME");
  };
  with_rights(verb("add", "A new user; the password is asked for", true));
  verb("password", "Another password; it is asked for", true);
  CLI::App* change = verb("change", "Another role, other cameras", true);
  with_rights(change);
  change->add_flag("--all-cameras", options.all_cameras, "Sees all cameras");
  verb("remove", "They are logged out at once", true);
  verb("list", "Of the configuration, and made since", false);
  verb("hash", "Print a password's hash for gateway.users; the password is asked for", false);
  return user;
}

Result<std::vector<std::string>> run_user_command(const CLI::App& user, const UserOptions& options) {
  const auto is = [&user](const char* verb) { return user.got_subcommand(verb); };
  if (is("hash")) {
    VD_ASSIGN(const std::string password, new_password());
    VD_ASSIGN(std::string hash, users::hash_password(password));
    return std::vector<std::string>{std::move(hash)};
  }
  VD_ASSIGN(const Place place, place_of(user, options));
  if (is("list")) return list(place);
  if (is("remove")) return remove(place, options.name);
  return put(place, options, is("add"), is("add") || is("password"));
}

}  // namespace vedette::cli
