import { ChosenFile } from '../files/chosen-file.tsx';
import { FilePicker } from '../files/file-picker.tsx';
import { VideoRecorder } from '../files/recorder.tsx';
import type { FileUpload } from '../files/use-upload.ts';
import { Field } from '../ui/field.tsx';
import type { VideoSource } from './video-source.ts';

interface FileProps {
  readonly source: VideoSource;
  readonly upload: FileUpload;
}

/** Takes a video file, or records one. Shows nothing if a file is chosen already. */
export function VideoFileField({ source, upload }: FileProps) {
  if (source.file !== null) return null;
  return (
    <FilePicker use="video" noun="a video" upload={upload}>
      <VideoRecorder onFile={upload.send} />
    </FilePicker>
  );
}

interface LinkProps {
  readonly source: VideoSource;
  readonly onLink: (link: string) => void;
  readonly onRemove: () => void;
  /** The hint about a file, and the end of the hint about a link. */
  readonly hint: string;
  readonly problem: string | null;
}

/** Takes a link, or shows the chosen file instead. */
export function VideoLinkField({ source: { file, link }, onLink, onRemove, hint, problem }: LinkProps) {
  if (file === null) {
    return (
      <Field
        label="Video link"
        hint={`https link to an MP4 or MOV. ${hint}`}
        problem={problem}
        type="url"
        input={{ placeholder: 'https://…' }}
        value={link}
        onChange={onLink}
      />
    );
  }
  return (
    <>
      <ChosenFile label="Video file" name={file.name} durationMs={file.durationMs} hint={hint} onRemove={onRemove} />
      {problem === null ? null : (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
