// Database, Statement: SQLite with owners and Results, no more of it than the store needs.
//
// Thread-bound: one connection, one thread at a time. Several processes may have the same file open (write-ahead log): readers
// never wait, a writer waits up to five seconds for another. A connection that ends or dies leaves nothing that the next one
// doesn't mend. Errors carry SQLite's own words and the file; kCorrupt for a file that is no database or is damaged, kBusy when
// another writer held on for too long, kResourceExhausted when the disk is full.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace vedette::store {

// A prepared statement. Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view value);  // copied

  // True: a row is there; false: that was all, and the statement may be bound and run anew.
  Result<bool> step();
  // For what gives no rows: runs it to its end.
  Result<> run();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;  // until the next step()

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* database, sqlite3_stmt* statement, std::string path)
      : database_(database), statement_(statement), path_(std::move(path)) {}
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
};

class Database {
 public:
  enum class Access { kRead, kWrite };  // kWrite: created if it is missing; every commit is on the disk when it returns

  static Result<Database> open(const std::string& path, Access access);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  Result<Statement> prepare(std::string_view sql) const;
  // Statements without parameters and rows, one behind the other.
  Result<> execute(const std::string& sql) const;
  // The first column of the first row; 0 if there is none.
  Result<std::int64_t> number(std::string_view sql) const;
  // The plan of a query as people read it, a step a line.
  Result<std::vector<std::string>> plan(std::string_view sql) const;
  // kCorrupt, with what is damaged, unless all of it is sound. Reads the whole file.
  Result<> check() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Database(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}
  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

// All or nothing: what a Database does from begin() to commit(); destroyed before that, nothing of it.
class Transaction {
 public:
  static Result<Transaction> begin(const Database& database);  // holds the write lock
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(const Database& database) : database_(&database) {}
  const Database* database_;
};

}  // namespace vedette::store
