import { text, type ConfigKeys } from "./keys";

/** How a running CRI-O is spoken to: the table `[crio.api]`. `APIConfig` of CRI-O. */
export interface ApiConfig {
  /** Path of its socket (`listen`); that of CRI-O 1.0 was /var/run/crio.sock. */
  listen: string;
}

/** The default of CRI-O since 1.9. */
export function defaultApiConfig(): ApiConfig {
  return { listen: "/var/run/crio/crio.sock" };
}

export const apiKeys: ConfigKeys<ApiConfig> = {
  listen: { name: "listen", kind: text, later: true },
};
