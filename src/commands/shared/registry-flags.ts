import type { FlagSpecs, FlagValues } from "../../shell/flags";
import type { BaseContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import type { RegistryAccess, TransferProgress } from "../../lib";

/** The flags of commands that speak to registries. */
export const registryFlags = {
  creds: {
    argument: "USER[:PASSWORD]",
    help: "Credentials for the registry; the password is asked for where it is left out",
  },
  authfile: { argument: "FILE", completes: "file", help: "File with the credentials of registries" },
  "cert-dir": {
    argument: "DIR",
    completes: "directory",
    help: "Directory with certificates and keys for the registry",
  },
  "tls-verify": { default: true, help: "Require TLS, and a certificate that is vouched for" },
} as const satisfies FlagSpecs;

/** The rules of trust, of commands that copy images. */
export const policyFlag = {
  "signature-policy": {
    argument: "FILE",
    completes: "file",
    help: "File with the rules which images are trusted, instead of signature_policy of crio.conf",
  },
} as const satisfies FlagSpecs;

/**
 * What these flags say. For a user without a password that is asked for on the terminal.
 * @throws KpodError BAD_ARGUMENT for a user without a password where there is no terminal; InterruptedError
 */
export async function registryAccess(
  context: BaseContext,
  flags: FlagValues<typeof registryFlags>,
): Promise<RegistryAccess> {
  const { creds, authfile, certDir, tlsVerify } = flags;
  return { credentials: await wholeCredentials(context, creds), authFile: authfile, certDir, tlsVerify };
}

async function wholeCredentials(
  context: BaseContext,
  credentials: string | undefined,
): Promise<string | undefined> {
  if (credentials === undefined || credentials.includes(":")) return credentials;
  const { canPrompt, withPrompt } = await import("../../shell/input");
  // The library says what is missing.
  if (!canPrompt()) return credentials;
  return withPrompt(context, "give --creds USER:PASSWORD", async ({ secret }) => {
    return `${credentials}:${await secret("Password: ")}`;
  });
}

/** Progress on stderr: lines a blob with bars where that is a terminal, else a line a step; none where it is quiet. */
export function transferProgress({ terminal }: BaseContext, quiet: boolean): TransferProgress | undefined {
  if (quiet) return undefined;
  return {
    onLine: (line) => {
      terminal.error(`${escapeControl(line)}\n`);
    },
    terminal: terminal.errorIsTTY ? 2 : undefined,
  };
}
