// The same list of events, by libs/store and by SQLite alone: 10,000 events, one camera's persons of a day, a page of 100.
#pragma once

namespace vedette::bench {

// Microseconds a list, printed as bench/support/result.h has it.
int list_by_store();
int list_bare();

}  // namespace vedette::bench
