import { escapeControl } from "../../format/escape";
import { loggedInUser, loginToRegistry, type Login, type LoginConfig, type LoginOptions } from "../../lib";
import { KpodError } from "../../lib/errors";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { readAllInput, withPrompt } from "../../shell/input";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** Characters that a password can have: tokens of cloud providers have some thousands. */
const longestPassword = 64 * 1024;

/** `kpod login`: has a registry tell that user and password are right, and keeps them. */
export async function run(context: Context): Promise<number> {
  const { flags, args, logger, terminal } = context;
  const [registry] = args;
  const { authfile: authFile, certDir, tlsVerify } = flags;
  const options = { authFile, certDir, tlsVerify, logger, signal: context.signal() };
  if (flags.passwordStdin && flags.username === undefined) {
    throw new UsageError("option --password-stdin needs --username");
  }
  const config = await context.loadConfig();
  if (flags.getLogin) {
    terminal.out(`${escapeControl(await loggedInUser(config, registry, options))}\n`);
    return 0;
  }
  if (flags.password !== undefined) {
    logger.warn("a password given by --password can be seen by all users of the node: use --password-stdin");
  }
  await loginToRegistry(config, registry, await whoLogsIn(context, config, options), options);
  terminal.out("Login Succeeded!\n");
  return 0;
}

async function whoLogsIn(context: Context, config: LoginConfig, options: LoginOptions): Promise<Login> {
  const { username, password, passwordStdin } = context.flags;
  if (username !== undefined && password !== undefined) return { user: username, password };
  if (username !== undefined && passwordStdin) {
    return { user: username, password: await passwordFromInput(context) };
  }
  return withPrompt(context, "give --username and --password-stdin", async ({ line, secret }) => {
    const user = username ?? (await askedUser(line, await formerUser(context, config, options)));
    return { user, password: password ?? (await secret("Password: ")) };
  });
}

async function passwordFromInput(context: Context): Promise<string> {
  const text = await readAllInput(context, longestPassword);
  const password = text.replace(/\r?\n$/, "");
  // skopeo reads a line.
  if (!/[\r\n]/.test(password)) return password;
  throw new KpodError("BAD_ARGUMENT", "the password on standard input has more than one line");
}

async function askedUser(line: (question: string) => Promise<string>, former: string): Promise<string> {
  const shown = former === "" ? "" : ` (${escapeControl(former)})`;
  return (await line(`Username${shown}: `)).trim() || former;
}

/** Who is logged in; "" for nobody. */
async function formerUser(
  { args: [registry] }: Context,
  config: LoginConfig,
  options: LoginOptions,
): Promise<string> {
  try {
    return await loggedInUser(config, registry, options);
  } catch (error) {
    if (error instanceof KpodError && error.code === "NOT_FOUND") return "";
    throw error;
  }
}
