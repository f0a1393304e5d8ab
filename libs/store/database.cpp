#include "store/database.h"

#include <sqlite3.h>

#include <utility>

namespace vedette::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;

ErrorCode code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kBusy;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::kResourceExhausted;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::kPermissionDenied;
    default:
      return ErrorCode::kIo;
  }
}

Error error_of(sqlite3* database, const std::string& path, int result) {
  return Error{code_of(result), path + ": " + (database == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(database))};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  VD_ASSERT(sqlite3_bind_int64(statement_.get(), parameter, value) == SQLITE_OK, "no such parameter");
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  VD_ASSERT(sqlite3_bind_double(statement_.get(), parameter, value) == SQLITE_OK, "no such parameter");
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  const int bound =
      sqlite3_bind_text(statement_.get(), parameter, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  VD_ASSERT(bound == SQLITE_OK, "no such parameter");
  return *this;
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  Error error = error_of(database_, path_, result);
  sqlite3_reset(statement_.get());
  return error;
}

Result<> Statement::run() {
  for (;;) {
    VD_ASSIGN(const bool row, step());
    if (!row) return {};
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Database> Database::open(const std::string& path, Access access) {
  const int flags = access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened, path);
  if (result != SQLITE_OK) return error_of(opened, path, result);
  sqlite3_busy_timeout(opened, kBusyTimeoutMs);
  // Nothing is read before the first statement: a file that is no database shows here.
  VD_TRY(database.execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA user_version;"));
  if (access == Access::kWrite) VD_TRY(database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"));
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  if (result != SQLITE_OK) return error_of(database_.get(), path_, result);
  return Statement(database_.get(), statement, path_);
}

Result<> Database::execute(const std::string& sql) const {
  const int result = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return error_of(database_.get(), path_, result);
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) const {
  VD_ASSIGN(Statement statement, prepare(sql));
  VD_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<std::vector<std::string>> Database::plan(std::string_view sql) const {
  VD_ASSIGN(Statement statement, prepare("EXPLAIN QUERY PLAN " + std::string(sql)));
  std::vector<std::string> steps;
  for (;;) {
    VD_ASSIGN(const bool row, statement.step());
    if (!row) return steps;
    steps.emplace_back(statement.text(3));
  }
}

Result<> Database::check() const {
  VD_ASSIGN(Statement statement, prepare("PRAGMA integrity_check(1)"));
  VD_ASSIGN(const bool row, statement.step());
  if (row && statement.text(0) == "ok") return {};
  return Error{ErrorCode::kCorrupt, path_ + ": " + std::string(row ? statement.text(0) : "no answer to the check")};
}

Result<Transaction> Transaction::begin(const Database& database) {
  VD_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  VD_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace vedette::store
