import { useState } from 'react';
import { useQuery } from 'urql';
import { PresetVoicesDocument } from '../api/voice-documents.ts';
import { useTenant } from '../session/api-context.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { Skeleton } from '../ui/placeholder.tsx';
import { CreateVoice } from './create-voice.tsx';
import { MyVoices } from './my-voices.tsx';
import { PlayButton } from './play-button.tsx';

export function VoicesScreen() {
  const tenant = useTenant();
  return (
    <>
      <div className="screen-head">
        <div>
          <h1>Voices</h1>
          <p className="muted">Voices you have cloned, and Kling’s library.</p>
        </div>
      </div>
      <div className="voices-columns">
        <div>
          <MyVoices />
          <section aria-labelledby="preset-voices">
            <h2 id="preset-voices">Kling’s library</h2>
            <PresetVoices after={null} />
          </section>
        </div>
        {tenant === null ? null : <CreateVoice key={tenant} tenant={tenant} />}
      </div>
    </>
  );
}

/** One page of the library, and the next page if the user asks for it. */
function PresetVoices({ after }: { readonly after: string | null }) {
  const [{ data, error }] = useQuery({
    query: PresetVoicesDocument,
    variables: after === null ? {} : { after },
    // The library changes rarely, and each read is a request to Kling.
    requestPolicy: 'cache-first',
  });
  const [more, setMore] = useState(false);
  if (!data?.presetVoices) {
    return error === undefined ? <Skeleton rows={3} label="Loading the library" /> : <ErrorNotice error={error} />;
  }
  const { edges, pageInfo } = data.presetVoices;
  return (
    <>
      <ul className="voice-grid" aria-label={after === null ? 'Preset voices' : 'More preset voices'}>
        {edges.map(({ node }) => (
          <li key={node.id} className="voice">
            <PlayButton name={node.name} url={node.sampleUrl} />
            <span className="voice-name">{node.name}</span>
          </li>
        ))}
      </ul>
      {more && pageInfo.endCursor !== null ? <PresetVoices after={pageInfo.endCursor} /> : null}
      {!more && pageInfo.hasNextPage ? <Button onPress={() => setMore(true)}>Show more voices</Button> : null}
    </>
  );
}
