import type { FlagSpecs, FlagValues } from "../../shell/flags";
import type { BaseContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import type { RegistryAccess, TransferProgress } from "../../lib";

/** The flags of commands that speak to registries. */
export const registryFlags = {
  creds: { argument: "USER:PASSWORD", help: "Credentials for the registry" },
  authfile: { argument: "FILE", completes: "file", help: "File with the credentials of registries" },
  "cert-dir": {
    argument: "DIR",
    completes: "directory",
    help: "Directory with certificates and keys for the registry",
  },
  "tls-verify": { default: true, help: "Require TLS, and a certificate that is vouched for" },
} as const satisfies FlagSpecs;

/** What these flags say. */
export function registryAccess(flags: FlagValues<typeof registryFlags>): RegistryAccess {
  const { creds, authfile, certDir, tlsVerify } = flags;
  return { credentials: creds, authFile: authfile, certDir, tlsVerify };
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
