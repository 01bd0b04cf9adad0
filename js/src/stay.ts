// Tells Python that a page has a view, so that it is told what is new; the twin of Followed in
// views/following.py.

interface Channel {
  send(message: unknown): void;
}

const EVERY = 60_000; // a page that went away without a word says this no more

/** Tells Python something of a view; where there is no kernel any more, nobody. */
export function tell(channel: Channel, kind: string): void {
  try {
    channel.send({ kind });
  } catch {} // a model whose kernel was restarted sends nothing
}

/** Says that the view is there until what it gives is called. */
export function stay(channel: Channel): () => void {
  tell(channel, "shown");
  const timer = setInterval(() => tell(channel, "there"), EVERY);
  return () => {
    clearInterval(timer);
    tell(channel, "hidden");
  };
}
