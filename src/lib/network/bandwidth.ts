import { KpodError } from "../errors";

/** What the bandwidth plugin is told: bits a second, and bits. */
export interface Bandwidth {
  readonly ingressRate?: number;
  readonly ingressBurst?: number;
  readonly egressRate?: number;
  readonly egressBurst?: number;
}

/** CRI-O lets a pod send and take 4 GiB at once. */
const burst = 0xffffffff * 8 - 1;

/** Kubernetes takes from 1k to 1P. */
const least = 1e3;
const most = 1e15;

const units: Readonly<Record<string, number>> = {
  ...{ "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/**
 * The bandwidth that a pod's annotations ask for, as for Kubernetes: `kubernetes.io/ingress-bandwidth: 10M`.
 * @returns undefined where they ask for none
 * @throws KpodError BAD_ARGUMENT
 */
export function bandwidthOf(annotations: Readonly<Record<string, string>>): Bandwidth | undefined {
  const ingress = rateOf(annotations, "kubernetes.io/ingress-bandwidth");
  const egress = rateOf(annotations, "kubernetes.io/egress-bandwidth");
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    ...(ingress === undefined ? {} : { ingressRate: ingress, ingressBurst: burst }),
    ...(egress === undefined ? {} : { egressRate: egress, egressBurst: burst }),
  };
}

function rateOf(annotations: Readonly<Record<string, string>>, key: string): number | undefined {
  const text = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  if (text === undefined) return undefined;
  const [, digits = "", unit = "-"] = /^(\d+(?:\.\d+)?)([kMGTP]i?|Ki|)$/.exec(text) ?? [];
  const rate = Math.round(Number(digits) * (units[unit] ?? Number.NaN));
  if (rate >= least && rate <= most) return rate;
  throw new KpodError(
    "BAD_ARGUMENT",
    `the annotation ${key} is ${JSON.stringify(text)}, and must be bits a second from 1k to 1P, 10M for example`,
  );
}
