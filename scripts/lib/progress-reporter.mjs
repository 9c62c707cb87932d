// Jest's report of the tests while they run, without the summary that `--reporters=default` prints after it.
import { DefaultReporter, VerboseReporter } from "@jest/reporters";

export default function ProgressReporter(config) {
  return new (config.verbose ? VerboseReporter : DefaultReporter)(config);
}
