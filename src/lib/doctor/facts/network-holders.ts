import { networkHolders, type NetworkHolder } from "../../operations/network-leaks";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { storeContents } from "./store";

/** Who has what of networks, by the records as this look has them. */
export async function holdersOfNetworks(facts: Facts): Promise<(containerId: string) => NetworkHolder> {
  const { containers } = await facts.get(storeContents);
  // By that the pods are known.
  await facts.get(containersWithStates);
  return networkHolders(facts.server.lists, containers);
}
