import type { Config } from "../../config/index";
import { KpodError } from "../../errors";
import type { Logger } from "../../logger";
import { annotations } from "../annotations";
import type { Container } from "../container";
import type { RuntimeChoice } from "./handler";
import type { Sandbox } from "../../sandbox/sandbox";

/** What is known of a container whose runtime is to be chosen. */
interface Asked {
  /** True reads its pod's spec also where only one runtime is configured: it may ask for one that is not. */
  exact: boolean;
  /** Its pod; undefined where the record of that is lost. */
  sandbox: Sandbox | undefined;
  logger: Logger;
}

/** What of a container and its pod decides which runtime it belongs to. */
export function runtimeChoiceOf(
  { runtimes, runtimeUntrustedWorkload, defaultRuntime }: Config,
  container: Container,
  { exact, sandbox, logger }: Asked,
): RuntimeChoice {
  const choice: RuntimeChoice = { handler: "", trusted: undefined, privileged: false };
  const handlers = Object.entries(runtimes);
  const byPlatform = handlers.some(
    ([, { platformRuntimePaths }]) => Object.keys(platformRuntimePaths).length > 0,
  );
  // With one runtime there is nothing to choose, and a list needs to read no spec.
  const onlyDefault = handlers.every(([name]) => name === defaultRuntime);
  if (!exact && onlyDefault && !byPlatform && runtimeUntrustedWorkload === "") return choice;
  if (sandbox === undefined) return choice;
  try {
    const { runtimeHandler: handler, trusted, privileged } = sandbox;
    return { handler, trusted, privileged, ...(byPlatform ? platformPathOf(container) : {}) };
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.warn(`pod ${sandbox.name}: ${error.message}: taking the default runtime`);
    return choice;
  }
}

/** The program that CRI-O noted for a container's platform, under its names in different versions. */
function platformPathOf({ specAnnotations: noted }: Container): Pick<RuntimeChoice, "platformPath"> {
  return {
    platformPath: noted[annotations.platformRuntimePath] ?? noted[annotations.platformRuntimePathBefore],
  };
}
