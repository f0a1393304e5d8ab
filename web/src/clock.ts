// The gateway's clock as this page knows it: captured_at_ms becomes an age only by it. Pings go out, pongs come back with what the
// gateway's clock said in between; the one that took least time bounds the error by half of that. Pure: time is passed in.

const kRemembered = 60_000; // quartz drifts by some ms a minute: older samples are worth less than what they cost
const kMostPending = 16;

interface Sample {
  at: number; // page's clock
  rtt: number;
  offset: number; // gateway's clock - page's clock
}

export class GatewayClock {
  private readonly pending = new Map<number, number>(); // id of a ping -> when it was sent
  private samples: Sample[] = [];
  private nextId = 1;
  private guess: Sample | null = null; // from the age of a picture, of a gateway that answers no pings

  // What to send.
  ping(now: number): { type: 'ping'; id: number; client_ms: number } {
    const id = this.nextId++;
    this.pending.set(id, now);
    if (this.pending.size > kMostPending) this.pending.delete(this.pending.keys().next().value!);
    return { type: 'ping', id, client_ms: now };
  }

  pong(id: number, gatewayMs: number, now: number): void {
    const sentAt = this.pending.get(id);
    if (sentAt === undefined) return; // of another connection, or made up
    this.pending.delete(id);
    const rtt = Math.max(0, now - sentAt);
    this.samples = this.samples.filter((sample) => now - sample.at < kRemembered);
    this.samples.push({ at: now, rtt, offset: gatewayMs - (sentAt + now) / 2 });
  }

  // A picture that came `now` and was sent `ageMs` after its capture. What it took on its way is unknown, so the least delay counts.
  sawAge(capturedAtMs: number, ageMs: number, now: number): void {
    const offset = capturedAtMs + ageMs - now;
    if (this.guess === null || offset > this.guess.offset || now - this.guess.at > kRemembered) this.guess = { at: now, rtt: 0, offset };
  }

  // When the gateway's clock said `capturedAtMs`, by the page's clock; null: it isn't known yet.
  toPage(gatewayMs: number): number | null {
    const best = this.best();
    return best === null ? null : gatewayMs - best.offset;
  }

  // What the gateway's clock says when the page's says `now`.
  toGateway(now: number): number | null {
    const best = this.best();
    return best === null ? null : now + best.offset;
  }

  // By how much that may be wrong; null: nobody knows.
  errorMs(): number | null {
    return this.samples.length === 0 ? null : this.best()!.rtt / 2;
  }

  clear(): void {
    this.pending.clear();
    this.samples = [];
    this.guess = null;
  }

  private best(): Sample | null {
    if (this.samples.length === 0) return this.guess;
    return this.samples.reduce((one, other) => (other.rtt <= one.rtt ? other : one));
  }
}
