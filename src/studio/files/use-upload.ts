import { useEffect, useRef, useState } from 'react';
import { useClient, type Client } from 'urql';
import { codesOf, toNoticeTexts, workOf, type NoticeTexts } from '../api/failure.ts';
import type { VariablesOf } from '../api/graphql.ts';
import { forgetDrafted, useDrafted, whenDraftIsCleared, writeDraft } from '../session/draft.ts';
import { announce } from '../ui/announcer.tsx';
import {
  CreateMediaDocument,
  DeleteMediaDocument,
  MediaDocument,
  UnfinishedUploadDocument,
  type Media,
} from './file-documents.ts';
import { explainFile, explainIssues, kindOf, measureVideo, type FileUse } from './file-rules.ts';
import { atOwnOrigin } from './own-origin.ts';
import { createResumableUpload, type ResumableUpload, type UploadEnd } from './upload.ts';

/** A file that the gateway has checked, and that Kling can use. */
export interface ReadyFile {
  readonly mediaId: string;
  readonly name: string;
  readonly durationMs: number | null;
  /** Where this page can play it. */
  readonly playUrl: string;
}

/** A file that the gateway has registered and not checked yet. A lip-sync task waits for it. */
export interface PendingFile {
  readonly mediaId: string;
  /** The length as this browser has measured it. Null if it is unknown. */
  readonly durationMs: number | null;
  /** The variables of the mutation that has registered the file. Null if that was before a reload. */
  readonly registration: VariablesOf<typeof CreateMediaDocument> | null;
}

/** Returns the file that is on its way to the gateway. Null without one. */
export function pendingOf(state: FileState): PendingFile | null {
  return state.step === 'uploading' || state.step === 'checking' ? state.pending : null;
}

/** How far the chosen file is. */
export type FileState =
  | { readonly step: 'none' }
  | { readonly step: 'preparing'; readonly name: string }
  | {
      readonly step: 'uploading';
      readonly name: string;
      readonly pending: PendingFile;
      readonly bytes: number;
      readonly sentBytes: number;
      /** `interrupted` if the connection is lost. The upload resumes when the browser is online again. */
      readonly pause: 'none' | 'by-user' | 'interrupted';
    }
  | { readonly step: 'checking'; readonly name: string; readonly pending: PendingFile }
  /** Kling would refuse the file. */
  | { readonly step: 'refused'; readonly name: string; readonly problems: readonly string[] }
  | { readonly step: 'failed'; readonly name: string; readonly texts: NoticeTexts };

const NONE: FileState = { step: 'none' };

const EXPIRED: NoticeTexts = {
  title: 'The upload is no longer possible',
  details: ['It has expired, or the file was deleted. Choose the file again.'],
  requestId: null,
};

const NO_STORAGE: NoticeTexts = {
  title: 'This gateway keeps no files',
  details: ['Use a link instead, or ask an operator to set up file storage.'],
  requestId: null,
};

const UNREACHABLE: NoticeTexts = {
  title: 'Couldn’t continue the upload',
  details: ['Check your connection, then choose the file again.'],
  requestId: null,
};

const UNANSWERED: NoticeTexts = {
  title: 'The gateway is still checking the file',
  details: ['Choose the file again in a minute. Nothing was charged.'],
  requestId: null,
};

/**
 * An upload that a reload has interrupted. The page cannot read the file again by itself, so the user chooses it. Its upload
 * URL is a permission, and is not kept: the gateway returns it to the owner's token.
 */
interface Unfinished {
  readonly mediaId: string;
  readonly name: string;
  readonly bytes: number;
  readonly lastModified: number;
}

function isSameFile({ name, bytes, lastModified }: Unfinished, file: File): boolean {
  return file.name === name && file.size === bytes && file.lastModified === lastModified;
}

/** The file that was chosen last, and its upload. */
interface Attempt {
  readonly name: string;
  /** Null after a reload, if the gateway has all bytes. */
  readonly file: File | null;
  mediaId: string | null;
  /** Null if this browser cannot measure the file. */
  durationMs: number | null;
  registration: PendingFile['registration'];
  upload: ResumableUpload | null;
}

function toPending({ mediaId, durationMs, registration }: Attempt): PendingFile {
  return { mediaId: mediaId ?? '', durationMs, registration };
}

interface Options {
  readonly use: FileUse;
  /** The name under which an unfinished upload is drafted. Each screen has its own. */
  readonly keptAs?: string;
  /** `file` is null if it was uploaded before a reload. */
  readonly onReady: (ready: ReadyFile, file: File | null) => void;
  /** Called instead of a failure if the gateway keeps no files. */
  readonly onNoStorage?: (file: File) => void;
}

export interface FileUpload {
  readonly state: FileState;
  /** The name of the file whose upload a reload has interrupted. Choosing the same file continues it. */
  readonly unfinished: string | null;
  /** Deletes what the gateway has of the unfinished file. */
  readonly discard: () => void;
  readonly send: (file: File) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends the upload, and deletes what the gateway has of the file. */
  readonly cancel: () => void;
}

/** Uploads one file at a time, and waits until the gateway has checked it. It continues while another screen is shown. */
export function useUpload({ use, keptAs = `upload-${use}`, onReady, onNoStorage }: Options): FileUpload {
  const [state, setState] = useState<FileState>(NONE);
  const current = useRef<Attempt | null>(null);
  const [atStart] = useDrafted<Unfinished | null>(keptAs, null);
  const [unfinished, setUnfinished] = useState(atStart);
  const client = useClient();
  // An upload outlives the client of an expired token.
  const newest = useRef<Client>(client);
  useEffect(() => {
    newest.current = client;
  }, [client]);

  function show(attempt: Attempt, next: FileState | ((last: FileState) => FileState)): void {
    if (current.current === attempt) setState(next);
  }

  function keep(next: Unfinished | null): void {
    setUnfinished(next);
    if (next === null) forgetDrafted(keptAs);
    else writeDraft(keptAs, next);
  }

  function remove(mediaId: string): void {
    // Without an answer, the gateway deletes the unfinished file after a day.
    void newest.current.mutation(DeleteMediaDocument, { mediaId }).toPromise();
  }

  function discard(): void {
    if (unfinished !== null) remove(unfinished.mediaId);
    keep(null);
  }

  async function send(file: File): Promise<void> {
    cancel();
    const { name } = file;
    const attempt: Attempt = { name, file, mediaId: null, durationMs: null, registration: null, upload: null };
    current.current = attempt;
    show(attempt, { step: 'preparing', name });
    if (unfinished !== null && isSameFile(unfinished, file)) {
      const taken = await takeUp(attempt, unfinished);
      if (taken === 'unreachable') show(attempt, { step: 'failed', name, texts: UNREACHABLE });
      if (taken === 'unreachable' || taken === 'taken') return;
    }
    if (current.current !== attempt) return;
    discard();
    const named = explainFile(file, use);
    const facts = named.length > 0 || use !== 'video' ? {} : await measureVideo(file);
    attempt.durationMs = facts.durationMs ?? null;
    const problems = named.length > 0 ? named : explainFile(file, use, facts);
    if (problems.length > 0) {
      show(attempt, { step: 'refused', name, problems });
      return;
    }
    const source = { file: { bytes: file.size, fileName: name, contentType: file.type === '' ? null : file.type } };
    attempt.registration = { kind: kindOf(file, use), source };
    const { data, error } = await newest.current.mutation(CreateMediaDocument, attempt.registration).toPromise();
    if (current.current !== attempt) return;
    const media = workOf(data?.createMedia);
    const isWithoutStorage = codesOf(error).includes('NOT_CONFIGURED');
    if (isWithoutStorage && onNoStorage !== undefined) {
      current.current = null;
      setState(NONE);
      onNoStorage(file);
      return;
    }
    if (media?.upload == null) {
      const texts = isWithoutStorage ? NO_STORAGE : (toNoticeTexts(error, data?.createMedia) ?? EXPIRED);
      show(attempt, { step: 'failed', name, texts });
      return;
    }
    attempt.mediaId = media.id;
    writeDraft(keptAs, { mediaId: media.id, name, bytes: file.size, lastModified: file.lastModified });
    await upload(attempt, file, media.upload.url, 0);
  }

  /** Continues an upload, or waits for the check of a whole file. */
  async function takeUp(
    attempt: Attempt,
    { mediaId }: Unfinished,
  ): Promise<'taken' | 'needs-file' | 'gone' | 'unreachable'> {
    const { data } = await newest.current
      .query(UnfinishedUploadDocument, { id: mediaId }, { requestPolicy: 'network-only' })
      .toPromise();
    if (current.current !== attempt) return 'taken';
    if (!data) return 'unreachable';
    const media = data.node?.__typename === 'Media' ? data.node : null;
    if (media === null || media.status === 'REJECTED') return 'gone';
    if (media.upload !== null && attempt.file === null) return 'needs-file';
    attempt.mediaId = mediaId;
    setUnfinished(null);
    if (media.upload === null || attempt.file === null) await finish(attempt, 'complete');
    else await upload(attempt, attempt.file, media.upload.url, media.upload.receivedBytes);
    return 'taken';
  }

  /** After a reload: takes a file that the gateway has received completely. */
  async function takeWhole(kept: Unfinished): Promise<void> {
    const attempt: Attempt = {
      name: kept.name,
      file: null,
      mediaId: null,
      durationMs: null,
      registration: null,
      upload: null,
    };
    current.current = attempt;
    const taken = await takeUp(attempt, kept);
    if (taken === 'taken' || current.current !== attempt) return;
    current.current = null;
    if (taken === 'gone') keep(null);
  }

  async function upload(attempt: Attempt, file: File, url: string, sentBytes: number): Promise<void> {
    const { name } = attempt;
    const pending = toPending(attempt);
    show(attempt, { step: 'uploading', name, pending, bytes: file.size, sentBytes, pause: 'none' });
    try {
      attempt.upload = await createResumableUpload(file, url, {
        onSent: (bytes) => show(attempt, (last) => (last.step === 'uploading' ? { ...last, sentBytes: bytes } : last)),
        onEnd: (end) => void finish(attempt, end),
      });
    } catch {
      // The script of the client could not be loaded.
      const texts = {
        title: 'Couldn’t start the upload',
        details: ['Check your connection, then choose the file again.'],
      };
      show(attempt, { step: 'failed', name, texts: { ...texts, requestId: null } });
      return;
    }
    if (current.current === attempt) attempt.upload.start();
  }

  async function finish(attempt: Attempt, end: UploadEnd): Promise<void> {
    const { name } = attempt;
    if (end === 'gone' && current.current === attempt) forgetDrafted(keptAs);
    if (end === 'gone') show(attempt, { step: 'failed', name, texts: EXPIRED });
    if (end === 'interrupted')
      show(attempt, (last) => (last.step === 'uploading' ? { ...last, pause: 'interrupted' } : last));
    if (end !== 'complete' || current.current !== attempt) return;
    show(attempt, { step: 'checking', name, pending: toPending(attempt) });
    const media = await waitForCheck(attempt);
    if (current.current !== attempt) return;
    forgetDrafted(keptAs);
    if (media?.status === 'READY' && media.url !== null) {
      current.current = null;
      setState(NONE);
      const ready = { mediaId: media.id, name, durationMs: media.durationMs, playUrl: atOwnOrigin(media.url) };
      onReady(ready, attempt.file);
    } else if (media?.status === 'REJECTED') {
      show(attempt, { step: 'refused', name, problems: explainIssues(media.problems, use, media) });
    } else {
      show(attempt, { step: 'failed', name, texts: media === null ? EXPIRED : UNANSWERED });
    }
  }

  /** Reads the file until it is checked. Null if it was deleted. */
  async function waitForCheck(attempt: Attempt): Promise<Media | null> {
    const id = attempt.mediaId ?? '';
    let media: Media | null = null;
    for (let count = 0; count < CHECKS_MAX && current.current === attempt; count += 1) {
      const { data } = await newest.current.query(MediaDocument, { id }, { requestPolicy: 'network-only' }).toPromise();
      // Without an answer, the next one is awaited: the connection may be lost for a moment.
      if (data) media = data.node?.__typename === 'Media' ? data.node : null;
      if (data && (media === null || media.status === 'READY' || media.status === 'REJECTED')) return media;
      await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
    }
    return media;
  }

  function pause(): void {
    current.current?.upload?.pause();
    setState((last) => (last.step === 'uploading' ? { ...last, pause: 'by-user' } : last));
    announce('Upload paused');
  }

  function resume(): void {
    current.current?.upload?.start();
    setState((last) => (last.step === 'uploading' ? { ...last, pause: 'none' } : last));
  }

  function cancel(): void {
    const attempt = current.current;
    current.current = null;
    setState(NONE);
    attempt?.upload?.pause();
    if (attempt?.mediaId == null) return;
    forgetDrafted(keptAs);
    remove(attempt.mediaId);
  }

  const isInterrupted = state.step === 'uploading' && state.pause === 'interrupted';
  useEffect(() => {
    if (!isInterrupted) return undefined;
    const again = () => {
      current.current?.upload?.start();
      setState((last) => (last.step === 'uploading' ? { ...last, pause: 'none' } : last));
    };
    addEventListener('online', again);
    return () => removeEventListener('online', again);
  }, [isInterrupted]);

  // A signed-out user's upload ends. Another screen does not end it.
  useEffect(
    () =>
      whenDraftIsCleared(keptAs, () => {
        current.current?.upload?.pause();
        current.current = null;
      }),
    [keptAs],
  );

  useEffect(() => {
    if (unfinished !== null && current.current === null) void takeWhole(unfinished);
  }, [unfinished]);

  return {
    state,
    unfinished: unfinished?.name ?? null,
    discard,
    send: (file) => void send(file),
    pause,
    resume,
    cancel,
  };
}

/** The reads of a file that is being checked, for two minutes. Most files are checked at the first. */
const CHECK_EVERY_MS = 500;
const CHECKS_MAX = 240;
