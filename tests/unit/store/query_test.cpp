// Lists of events: what each filter gives, page by page, and that SQLite reads an index from where the page begins and nothing
// else.
#include <algorithm>

#include "store/store.h"
#include "unit/store/store_fixture.h"

namespace vedette::store {
namespace {

constexpr std::uint64_t kEvents = 300;

class Query : public StoreFixture {
 protected:
  Query() : store_(open()) {
    for (std::uint64_t id = 1; id <= kEvents; ++id) {
      Event event = some_event(id, id % 5 == 0 ? "rear" : "front");
      if (id % 10 == 0) event.visits.push_back({"gate", event.started_at_ms + 100});
      if (id % 7 == 0) event.started_at_ms = kNoonMs;  // many at once: their ids decide
      all_.push_back(event);
      VD_ASSERT(store_.put(event).ok(), "put");
      if (id % 4 == 0) VD_ASSERT(store_.set_favourite(event.key, true).ok(), "favourite");
      all_.back().favourite = id % 4 == 0;
    }
  }

  // Every combination of the filters.
  static std::vector<Filter> filters() {
    std::vector<Filter> filters;
    for (int bits = 0; bits < 128; ++bits) {
      Filter filter;
      if ((bits & 1) != 0) filter.camera = "front";
      if ((bits & 2) != 0) filter.label = "person";
      if ((bits & 4) != 0) filter.zone = "door";
      if ((bits & 8) != 0) filter.since_ms = kNoonMs + 20'000;
      if ((bits & 16) != 0) filter.until_ms = kNoonMs + 200'000;
      filter.favourites = (bits & 32) != 0;
      if ((bits & 64) != 0) filter.cameras = {"rear", "side"};
      filters.push_back(filter);
    }
    return filters;
  }

  std::vector<EventKey> expected(const Filter& filter) const {
    std::vector<Event> fitting;
    for (const Event& event : all_) {
      const bool fits = (!filter.camera || event.key.camera == *filter.camera) &&
                        (filter.cameras.empty() ||
                         std::find(filter.cameras.begin(), filter.cameras.end(), event.key.camera) != filter.cameras.end()) &&
                        (!filter.label || event.label == *filter.label) &&
                        (!filter.zone || std::any_of(event.visits.begin(), event.visits.end(),
                                                     [&](const ZoneVisit& visit) { return visit.zone == *filter.zone; })) &&
                        (!filter.since_ms || event.started_at_ms >= *filter.since_ms) &&
                        (!filter.until_ms || event.started_at_ms < *filter.until_ms) && (!filter.favourites || event.favourite);
      if (fits) fitting.push_back(event);
    }
    std::sort(fitting.begin(), fitting.end(), [](const Event& a, const Event& b) {
      return std::tie(a.started_at_ms, a.key.id, a.key.camera) > std::tie(b.started_at_ms, b.key.id, b.key.camera);
    });
    std::vector<EventKey> keys;
    for (const Event& event : fitting) keys.push_back(event.key);
    return keys;
  }

  Store store_;
  std::vector<Event> all_;
};

TEST_F(Query, EveryFilterGivesWhatFitsNewestFirstPageByPage) {
  for (Filter filter : filters()) {
    const std::vector<EventKey> wanted = expected(filter);
    std::vector<EventKey> got;
    filter.limit = 17;
    for (;;) {
      const auto page = store_.list(filter);
      ASSERT_TRUE(page) << page.error().text;
      for (const Event& event : *page) got.push_back(event.key);
      if (page->size() < filter.limit) break;
      filter.before = Cursor{page->back().started_at_ms, page->back().key};
    }
    EXPECT_EQ(got, wanted) << list_sql(filter);
  }
}

TEST_F(Query, EveryListReadsIndexesOnlyAndSortsNothing) {
  for (Filter filter : filters()) {
    for (const bool page : {false, true}) {
      if (page) filter.before = Cursor{kNoonMs, {"front", 5}};
      const std::string sql = list_sql(filter);
      const auto plan = store_.database().plan(sql);
      ASSERT_TRUE(plan) << plan.error().text;
      for (const std::string& step : *plan) {
        EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << sql << "\n" << step;
        // The tables themselves are indexes by their primary keys: there is nothing behind them.
        EXPECT_TRUE(step.find("COVERING INDEX") != std::string::npos || step.find("PRIMARY KEY") != std::string::npos)
            << sql << "\n"
            << step;
      }
      // From one end to the other only where all of the index is asked for: all events, or all favourites.
      const bool some =
          filter.since_ms || filter.until_ms || page || filter.zone || (!filter.favourites && (filter.camera || filter.label));
      if (some) {
        EXPECT_EQ(plan->at(0).rfind("SEARCH", 0), 0u) << sql << "\n" << plan->at(0);
      }
    }
  }
}

TEST_F(Query, AListHasAllOfAnEventButTheTimesOfItsZones) {
  const auto events = store_.list({.limit = 1}).value();
  ASSERT_EQ(events.size(), 1u);
  Event wanted = all_.back();
  wanted.visits = {{"door", 0}, {"gate", 0}};
  EXPECT_EQ(events[0], wanted);
}

}  // namespace
}  // namespace vedette::store
