/** A value, with what tells it from others of its name. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Something that is measured: a name, what it is, and each value of it. */
export interface Measure {
  readonly name: string;
  readonly help: string;
  /** A counter only rises; a gauge when left out. */
  readonly type?: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

/** Measures in Prometheus' text format 0.0.4, without those that have no value. */
export function metricsText(measures: readonly Measure[]): string {
  return measures
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, type = "gauge", samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => `${name}${labelsText(sample.labels)} ${sample.value}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

function labelsText(labels: Sample["labels"]): string {
  const words = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return words.length === 0 ? "" : `{${words.join(",")}}`;
}

/** What a name holds is anybody's. */
function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
