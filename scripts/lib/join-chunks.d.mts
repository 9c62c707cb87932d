/**
 * One file of CommonJS of the chunks of ES modules that esbuild makes, by their names (`./chunk-ABC.js`). None may do more
 * when it is run than to define what others import: one of which nothing is imported is never run.
 * @param entry the name of the chunk whose exports the file has
 */
export function joinChunks(chunks: ReadonlyMap<string, string>, entry: string): string;
