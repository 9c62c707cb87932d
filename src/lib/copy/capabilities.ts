// What the kernel keeps as security.capability (linux/capability.h, little-endian): a word of revision and flags, two pairs
// of words of capabilities, and in revision 3 the user of the node who is root of the user namespace that they count in.
const revisionMask = 0xff000000;
const revision2 = 0x02000000;
const revision3 = 0x03000000;
const lengths: Readonly<Record<number, number>> = { [revision2]: 20, [revision3]: 24 };

/**
 * The capabilities of a program as they count where it is written.
 * @param root who is root there, by the ids of the node: 0 but for a container with a user namespace
 */
export function capabilitiesFor(value: Buffer, root: number): Buffer {
  if (value.length < 20) return value;
  const word = value.readUInt32LE(0);
  const revision = (word & revisionMask) >>> 0;
  // Of a form that is not known, nothing is changed.
  if (lengths[revision] !== value.length) return value;
  const changed = Buffer.alloc(root === 0 ? 20 : 24);
  value.copy(changed, 0, 0, 20);
  changed.writeUInt32LE((((word & ~revisionMask) >>> 0) | (root === 0 ? revision2 : revision3)) >>> 0, 0);
  if (root !== 0) changed.writeUInt32LE(root, 20);
  return changed;
}
