// Exploration: every consistent execution graph of a program, and with them every interleaving and every value that a load may
// return under the model of graph.h.
//
// explore() is TruSt (Kokologiannakis, Marmouras, Gavrilenko, Vafeiadis: "Truly Stateless, Optimal Dynamic Partial Order
// Reduction", POPL 2022): it adds one access after the other, a read with each write it may read from, a write at each place in
// modification order, and where a new write could have been read by a read that is there already, goes back to that read. Each
// complete graph is reached exactly once. explore_plainly() tries every thread at every step and remembers where it has been:
// slow, but obviously complete; tests demand that both find the same graphs.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>

#include "program.h"

namespace vedette::weak {

struct Explored {
  std::uint64_t executions = 0;                   // complete graphs, with those in which a thread waits for ever
  std::uint64_t waiting = 0;                      // of them, those in which one waits
  std::uint64_t steps = 0;                        // consistent graphs on the way
  std::string wrong;                              // the first violation: what, and the execution; empty: none
  std::set<std::array<std::uint64_t, 2>> graphs;  // fingerprints of the complete ones, if asked for
};

Explored explore(Program& program, bool remember_graphs = false);
Explored explore_plainly(Program& program);

}  // namespace vedette::weak
