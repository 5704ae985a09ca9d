import type { FaceScan } from '../api/documents.ts';
import type { ReadyFile } from '../files/use-upload.ts';

/** The video of a lip-sync: a file that the gateway keeps, or a link if there is no file. */
export interface VideoSource {
  readonly file: ReadyFile | null;
  readonly link: string;
}

/** Returns where this page can play the video. */
export function playUrlOf({ file, link }: VideoSource): string {
  return file === null ? link.trim() : file.playUrl;
}

/** Names the video. A link and a file never have the same name. Empty without a video. */
export function keyOf({ file, link }: VideoSource): string {
  return file === null ? link.trim() : file.mediaId;
}

/** Returns the video as the gateway takes it. */
export function toVideoInput({ file, link }: VideoSource): { readonly mediaId: string } | { readonly url: string } {
  return file === null ? { url: link.trim() } : { mediaId: file.mediaId };
}

/** A video with the faces that were found in it. */
export interface Scanned {
  readonly source: VideoSource;
  readonly scan: FaceScan;
}

/** Whether the faces were found in this video. */
export function isOf({ source }: Scanned, other: VideoSource): boolean {
  return keyOf(source) === keyOf(other);
}
