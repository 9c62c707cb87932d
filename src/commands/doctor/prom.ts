import { metricsText } from "../../format/prometheus";
import type { Check } from "../../lib/doctor/check";
import type { Examination } from "../../lib/doctor/finding";
import type { Measure, Sample } from "../../lib/doctor/measures";

/** What is told of the call itself. */
interface Call {
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly checks: readonly Check[];
}

/** An examination as metrics for the text file collector of Prometheus, in its text format 0.0.4. */
export function promView(
  { findings, checks: made }: Examination,
  measures: readonly Measure[],
  { began, checks }: Call,
): string {
  const counts = new Map<string, Sample>();
  const count = (check: string, severity: string, more: number): void => {
    const { value = 0 } = counts.get(`${check} ${severity}`) ?? {};
    counts.set(`${check} ${severity}`, { labels: { check, severity }, value: value + more });
  };
  for (const { id, severity } of checks) if (made.includes(id)) count(id, severity, 0);
  for (const { id, severity } of findings) count(id, severity, 1);
  const now = Date.now();
  const all: readonly Measure[] = [
    { name: "kpod_doctor_problems", help: "What kpod doctor has found.", samples: [...counts.values()] },
    {
      name: "kpod_doctor_run_timestamp_seconds",
      help: "When it was looked.",
      samples: [{ labels: {}, value: now / 1000 }],
    },
    {
      name: "kpod_doctor_run_duration_seconds",
      help: "How long that took.",
      samples: [{ labels: {}, value: (now - began) / 1000 }],
    },
    ...measures,
  ];
  return metricsText(all);
}
