// GET /snapshot/<camera>.jpg: waits for a picture that was taken after it was asked for, at full size, and answers with it: the
// camera's own file where that is a JPEG and nothing is to be drawn. While it waits it is a viewer like any other, so that the
// camera's pictures are asked for.
//
// Belongs to the network thread; keeps itself alive until `done` was called, once.
#pragma once

#include <functional>

#include "gateway/camera_hub.h"
#include "gateway/reply.h"
#include "gateway/sessions.h"
#include "gateway/snapshot.h"

namespace vedette::gateway {

// `camera` and `context` outlive it. `done` gets the picture, or a problem that says why there is none.
void take_snapshot(const Executor& executor, CameraHub& camera, const SnapshotWish& wish, SessionContext& context,
                   std::function<void(Reply)> done);

}  // namespace vedette::gateway
