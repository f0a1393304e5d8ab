// Home Assistant's discovery: every field is one that it documents (tests/data/home_assistant.json), all that it requires is
// there, and what is gone is taken back.
#include "notify/discovery.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace vedette::notify {
namespace {

using Json = nlohmann::json;

const Json& facts() {
  static const Json json = Json::parse(std::ifstream(std::string(VEDETTE_SOURCE_DIR) + "/tests/data/home_assistant.json"));
  return json;
}

bool has(const Json& list, const std::string& word) { return std::find(list.begin(), list.end(), word) != list.end(); }

// What is wrong with `object`'s fields by any of `rules`; "" if nothing is.
std::string wrong_fields(const Json& object, std::initializer_list<const Json*> rules) {
  std::string wrong;
  for (const Json* rule : rules)
    for (const Json& field : (*rule)["required"])
      if (!object.contains(field.get<std::string>())) wrong += " no " + field.get<std::string>();
  for (const auto& [field, value] : object.items()) {
    bool known = false;
    for (const Json* rule : rules) known = known || has((*rule)["required"], field) || has((*rule)["optional"], field);
    if (!known) wrong += " unknown " + field;
  }
  return wrong;
}

// True if `object` has no such field.
bool is_one_of(const Json& object, const char* field, const Json& rule, const char* list) {
  return !object.contains(field) || has(rule[list], object[field]);
}

DeviceOptions options() {
  DeviceOptions options;
  options.client_id = "vedette-host.local-0123abcd";
  options.camera = "front";
  options.counted = {{"", "person", false}, {"back door", "person", false}, {"driveway", "car", true}};
  options.zones = {"", "back door"};
  return options;
}

TEST(Discovery, HasOnlyDocumentedFields) {
  const Topics topics("home/vedette", "test");
  const Json message = Json::parse(discovery_json(options(), topics, {}));
  EXPECT_EQ(wrong_fields(message, {&facts()["message"]}), "");
  EXPECT_EQ(wrong_fields(message["device"], {&facts()["device"]}), "");
  EXPECT_EQ(wrong_fields(message["origin"], {&facts()["origin"]}), "");
  ASSERT_TRUE(message["availability"].is_array());
  EXPECT_EQ(message["availability"].size(), 2u);
  for (const Json& one : message["availability"]) EXPECT_EQ(wrong_fields(one, {&facts()["availability"]}), "");
  EXPECT_TRUE(has(facts()["availability_modes"], message["availability_mode"]));
  std::set<std::string> ids, platforms;
  for (const auto& [name, component] : message["components"].items()) {
    const std::string platform = component["platform"];
    ASSERT_TRUE(facts()["platforms"].contains(platform)) << platform;
    const Json& rule = facts()["platforms"][platform];
    EXPECT_EQ(wrong_fields(component, {&facts()["every_platform"], &rule}), "") << name;
    EXPECT_TRUE(is_one_of(component, "device_class", rule, "device_classes")) << name;
    EXPECT_TRUE(is_one_of(component, "state_class", rule, "state_classes")) << name;
    EXPECT_TRUE(is_one_of(component, "entity_category", facts(), "entity_categories")) << name;
    for (const Json& one : component.value("availability", Json::array()))
      EXPECT_EQ(wrong_fields(one, {&facts()["availability"]}), "");
    EXPECT_TRUE(ids.insert(component["unique_id"]).second) << "unique_id twice: " << component["unique_id"];
    platforms.insert(platform);
    for (const auto& [field, value] : component.items()) {
      EXPECT_TRUE(!field.ends_with("topic") || value.get<std::string>().starts_with("home/vedette/")) << name;
    }
  }
  EXPECT_EQ(platforms.size(), facts()["platforms"].size()) << "every platform is used";
  EXPECT_EQ(message["device"]["identifiers"], Json::array({"vedette-host_local-0123abcd_front"}));
}

TEST(Discovery, TellsOfZonesAndLines) {
  const Json components = Json::parse(discovery_json(options(), Topics("vedette", "test"), {}))["components"];
  EXPECT_EQ(components["occupancy_back_door"]["state_topic"], "vedette/front/occupancy/back_door");
  EXPECT_EQ(components["occupancy_all"]["state_topic"], "vedette/front/occupancy/all");
  EXPECT_EQ(components["count_back_door_person"]["state_topic"], "vedette/front/count/back_door/person");
  EXPECT_EQ(components["count_driveway_car_into"]["state_topic"], "vedette/front/count/driveway/car/into");
  EXPECT_EQ(components["count_driveway_car_out_of"]["state_class"], "total_increasing");
  EXPECT_EQ(components["mode"]["options"], Json::array({"auto", "standby", "validation", "tracking"}));
  EXPECT_EQ(components["mode"]["value_template"], "{{ value_json.mode if value_json.forced else 'auto' }}");
  EXPECT_EQ(components["paused"]["command_topic"], "vedette/front/set/paused");
}

TEST(Discovery, ItsTopicIsOneThatHomeAssistantTakes) {
  const std::regex pattern(facts()["discovery_topic"].get<std::string>());
  for (const char* id : {"vedette-host.local-0123abcd", "ünï", "a b/c+#", ""})
    EXPECT_TRUE(std::regex_match(discovery_topic("homeassistant", device_object_id(id, "front")), pattern)) << id;
}

TEST(Discovery, TakesBackWhatIsGone) {
  const Topics topics("vedette", "test");
  const std::string before = discovery_json(options(), topics, {});
  DeviceOptions now = options();
  now.zones.erase("back door");
  const Announced announced = read_announced(before);
  EXPECT_EQ(announced.availability, topics.availability());
  EXPECT_EQ(announced.platforms.at("occupancy_back_door"), "binary_sensor");
  EXPECT_EQ(announced.topics.at("occupancy_back_door"), std::vector<std::string>{"vedette/front/occupancy/back_door"});
  const Json message = Json::parse(discovery_json(now, topics, {{"occupancy_back_door", "binary_sensor"}}));
  EXPECT_EQ(message["components"]["occupancy_back_door"], Json({{"platform", "binary_sensor"}}));
  EXPECT_FALSE(Json::parse(discovery_json(now, topics, {}))["components"].contains("occupancy_back_door"));
}

// Ids may begin alike, and the base may have been another.
TEST(Discovery, KnowsItsOwnByTheWholeClientId) {
  const Topics topics("vedette", "cam");
  EXPECT_TRUE(topics.is_our_availability(Topics("before", "cam").availability()));
  for (const char* id : {"cam_2", "2cam", "ca", "cam/2", ""})
    EXPECT_FALSE(topics.is_our_availability(Topics("vedette", id).availability())) << id;
  EXPECT_FALSE(topics.is_our_availability(""));
}

TEST(Discovery, ReadsNothingFromWhatIsNoDiscovery) {
  for (const char* payload : {"", "x", "[]", "{}", "{\"availability\":[1],\"components\":{}}", "{\"components\":[]}",
                              "{\"components\":{\"a\":1,\"b\":{\"platform\":2}}}"})
    EXPECT_TRUE(read_announced(payload).platforms.empty()) << payload;
}

}  // namespace
}  // namespace vedette::notify
