import { networkHolders, type NetworkHolder } from "../../operations/network-leaks";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { runningNames } from "./forgotten";
import { storeContents } from "./store";

/** Who has what of networks, by the records as this look has them, and what runs without one. */
export async function holdersOfNetworks(facts: Facts): Promise<(containerId: string) => NetworkHolder> {
  const { containers } = await facts.get(storeContents);
  // By that the pods are known.
  await facts.get(containersWithStates);
  const holderOf = networkHolders(facts.server.lists, containers);
  const { ids } = await facts.get(runningNames);
  return (containerId) => {
    const holder = holderOf(containerId);
    // One that has its record tells by itself whether it is out of its network.
    const hasNoRecord = facts.server.lists.getSandbox(containerId) === undefined;
    return hasNoRecord && ids.has(containerId) ? { ...holder, leaked: undefined } : holder;
  };
}
