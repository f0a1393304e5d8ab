// The pauses between attempts to reconnect: 0.25 s, doubling to 3 s, each shortened by up to a fifth so that many pages don't
// come back in step. Pure: the random number is passed in.

export const kFirstPause = 250;
export const kLongestPause = 3000;

export class Backoff {
  private next_ = kFirstPause;

  constructor(private readonly random: () => number = Math.random) {}

  // Milliseconds to wait before the next attempt.
  next(): number {
    const pause = this.next_ * (1 - 0.2 * this.random());
    this.next_ = Math.min(kLongestPause, this.next_ * 2);
    return pause;
  }

  // After a success.
  reset(): void {
    this.next_ = kFirstPause;
  }
}
