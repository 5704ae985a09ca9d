import { Button, DropZone, FileTrigger, isFileDropItem } from 'react-aria-components';

interface Props {
  readonly onFile: (file: File) => void;
}

const TYPES = ['.mp3', '.wav', '.m4a', '.aac', 'audio/mpeg', 'audio/wav', 'audio/mp4', 'audio/aac'];

/** Takes a sound file that is dropped, pasted or chosen. */
export function SoundDrop({ onFile }: Props) {
  return (
    <DropZone
      className="file-drop"
      aria-label="Sound file"
      onDrop={({ items }) => {
        const item = items.find(isFileDropItem);
        if (item !== undefined) void item.getFile().then(onFile);
      }}
    >
      <span>Drop a sound file here, or </span>
      <FileTrigger
        acceptedFileTypes={TYPES}
        onSelect={(files) => {
          const file = files?.item(0);
          if (file) onFile(file);
        }}
      >
        <Button className="file-drop-action">choose a file</Button>
      </FileTrigger>
    </DropZone>
  );
}
