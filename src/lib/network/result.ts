import { isRecord } from "../system/files";
import { isCniSince, isCniVersion, type CniVersion } from "./cni-version";
import { excerpt, jsonOf } from "./plugin";
import { textOf, textsOf } from "../system/go-json";

/** What a plugin says that it has set up, in its version of the specification; what kpod does not know of it stays. */
export type CniResult = Readonly<Record<string, unknown>> & { readonly cniVersion: CniVersion };

/** What a result says, whatever its version. */
export interface ResultView {
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox: string }[];
  /** `address` with the length of its network, as in `10.88.0.5/16`; `interface` counts those above. */
  readonly ips: readonly {
    readonly address: string;
    readonly gateway: string;
    readonly interface?: number;
  }[];
  readonly routes: readonly { readonly dst: string; readonly gw: string }[];
  readonly dns: ResultDns;
}

export interface ResultDns {
  readonly nameservers: readonly string[];
  readonly domain: string;
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/**
 * Reads what a plugin printed.
 * @param expected the version of its network, which a result without one has
 * @returns what is wrong with it where it is none
 */
export function readResult(text: string, expected: CniVersion): CniResult | string {
  const value = jsonOf(text);
  if (!isRecord(value))
    return text.trim() === "" ? "printed no result" : `printed no result but "${excerpt(text)}"`;
  const { cniVersion = expected } = value;
  if (isCniVersion(cniVersion)) return { ...value, cniVersion };
  return `printed a result of the unknown version ${JSON.stringify(cniVersion)}`;
}

/** Reads a result that was cached or persisted; undefined for what is none. */
export function cachedResult(value: unknown): CniResult | undefined {
  if (!isRecord(value)) return undefined;
  const { cniVersion = "0.1.0" } = value;
  return isCniVersion(cniVersion) ? { ...value, cniVersion } : undefined;
}

/** What a result says. What is not as it must be is left out. */
export function viewOfResult(result: Readonly<Record<string, unknown>>): ResultView {
  const single = [result.ip4, result.ip6].filter(isRecord);
  const ips = recordsIn(result.ips).map((entry) => ({
    address: textOf(entry.address),
    gateway: textOf(entry.gateway),
    ...(typeof entry.interface === "number" ? { interface: entry.interface } : {}),
  }));
  const before = single.map((entry) => ({ address: textOf(entry.ip), gateway: textOf(entry.gateway) }));
  const routes = [...recordsIn(result.routes), ...single.flatMap((entry) => recordsIn(entry.routes))];
  const dns = isRecord(result.dns) ? result.dns : {};
  return {
    interfaces: recordsIn(result.interfaces).map(({ name, mac, sandbox }) => ({
      name: textOf(name),
      mac: textOf(mac),
      sandbox: textOf(sandbox),
    })),
    ips: [...ips, ...before].filter(({ address }) => address !== ""),
    routes: routes
      .map(({ dst, gw }) => ({ dst: textOf(dst), gw: textOf(gw) }))
      .filter(({ dst }) => dst !== ""),
    dns: {
      nameservers: textsOf(dns.nameservers),
      domain: textOf(dns.domain),
      search: textsOf(dns.search),
      options: textsOf(dns.options),
    },
  };
}

/** The addresses that a result names, without the lengths of their networks. */
export function addressesOfResult(result: Readonly<Record<string, unknown>>): string[] {
  return viewOfResult(result).ips.map(({ address }) => address.replace(/\/.*$/, ""));
}

/** A result in the form of 0.3 and later: what CRI-O persists of it, in the version that its libcni has. */
export function resultAs(result: CniResult, version: CniVersion): CniResult {
  const { ip4, ip6, ...rest } = result;
  const view = viewOfResult(result);
  const ips =
    ip4 === undefined && ip6 === undefined ? recordsIn(rest.ips) : view.ips.map((ip) => ({ ...ip }));
  const routes = recordsIn(rest.routes).length > 0 ? rest.routes : view.routes.map(withoutEmpty);
  return {
    ...rest,
    cniVersion: version,
    ips: ips.map((ip) => inVersion(ip, version)),
    ...(Array.isArray(routes) && routes.length > 0 ? { routes } : {}),
  };
}

/** Up to 0.4 an address says of which family it is. */
function inVersion(ip: Readonly<Record<string, unknown>>, wanted: CniVersion): Record<string, unknown> {
  const family = isCniSince(wanted, "1.0.0") ? "" : textOf(ip.address).includes(":") ? "6" : "4";
  return withoutEmpty({ ...ip, version: family });
}

function withoutEmpty(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== ""));
}

function recordsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
