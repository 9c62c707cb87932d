import type { CommandContext } from "../../shell/context";
import { patientOutput } from "../../shell/patient-output";
import { nodeEvents, type EventOptions } from "../../lib/operations/events";
import { eventFilter, parseEventFilters } from "../../lib/operations/filter-events";
import { readPointAhead, readPointInTime } from "../shared/point-in-time";
import { whileRead } from "../shared/while-read";
import type { command } from "./command";
import { openEventView } from "./views";

type Context = CommandContext<typeof command>;

/** `kpod events`: tells what happens on the node, as it happens. */
export async function run(context: Context): Promise<number> {
  const { flags, terminal, signal, unlessInterrupted } = context;
  const view = await openEventView(flags);
  const terms = parseEventFilters(flags.filter);
  const options = readOptions(context);
  const server = await context.openServer();
  const isWanted = eventFilter(terms, server.lists);
  const patient = patientOutput(signal());
  const events = nodeEvents(server, options);
  const print = async (): Promise<void> => {
    for (;;) {
      const next = await unlessInterrupted(events.next());
      if (next.done === true) return;
      if (!isWanted(next.value)) continue;
      const text = view(next.value);
      if (patient === undefined) terminal.out(text);
      else await patient(Buffer.from(text));
    }
  };
  await whileRead(print());
  return 0;
}

/** As podman has it, who names a time or wants no stream is told what has happened, too. */
function readOptions({ flags, signal }: Context): EventOptions {
  const now = Date.now();
  const { since, until, noStream } = flags;
  const from = since === undefined ? undefined : toMilliseconds(readPointInTime("since", since, now));
  const isPastWanted = until !== undefined || noStream;
  return {
    since: from ?? (isPastWanted ? 0 : undefined),
    until: until === undefined ? undefined : toMilliseconds(readPointAhead("until", until, now)),
    follow: !noStream,
    signal: signal(),
  };
}

function toMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n);
}
