import { EXAMPLE_AUDIO, EXAMPLE_VIDEO, EXAMPLE_VOICE } from '../examples.ts';

interface Example {
  readonly query: string;
  readonly variables?: string;
}

const json = (value: object): string => JSON.stringify(value, null, 2);

/** A lip-sync in one call and step by step, one in each tab, and the voices. The user pastes ids from one step into the next. */
export const EXAMPLES: readonly Example[] = [
  {
    query: `# 1. Shows the caller, and the newest tasks.
query Start {
  viewer { tenant scopes expiresAt }
  tasks(first: 5) {
    nodes { id status externalId createdAt failure { code message } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# 2. Makes a video speak a text. A repeat with the same externalId returns the same task.
mutation OneCall($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) {
    ... on LipSyncTask { id status stage unitsEstimated }
    ... on Failure { code message }
  }
}
`,
    variables: json({
      input: {
        face: { inVideo: { video: { url: EXAMPLE_VIDEO } } },
        audio: { speech: { text: 'Good morning, and welcome to the show.', klingVoiceId: 'oversea_male1' } },
        videoDurationMs: 10_000,
        externalId: 'example-one-call',
      },
    }),
  },
  {
    query: `# 3. Watches all tasks over WebSocket: first the present state, or what came after a cursor.
subscription Watch($after: String) {
  taskUpdates(after: $after) {
    cursor
    resync
    task { id status ... on LipSyncTask { stage expiresAt videos { url durationMs } } }
  }
}
`,
  },
  {
    query: `# 4. Finds the faces in a video. Charged once for each externalId.
mutation IdentifyFaces($video: VideoInput!, $externalId: String) {
  identifyFaces(video: $video, externalId: $externalId) {
    ... on FaceScan { expiresAt faces { id startMs endMs imageUrl } }
    ... on Failure { code message }
  }
}
`,
    variables: json({
      video: { url: EXAMPLE_VIDEO },
      externalId: 'example',
    }),
  },
  {
    query: `# 5. Creates a lip-sync: paste the id of a face. A repeat with the same externalId returns the same task.
mutation CreateLipSync($input: CreateLipSyncTaskInput!) {
  createLipSyncTask(input: $input) { ... on LipSyncTask { id status unitsEstimated } ... on Failure { code message } }
}

query Quote($input: CreateLipSyncTaskInput!) {
  lipSyncQuote(input: $input) { ... on LipSyncQuote { units usd } ... on Failure { code message } }
}
`,
    variables: json({
      input: {
        face: { faceId: 'paste the id of a face here' },
        audio: { url: EXAMPLE_AUDIO },
        placement: { audioStartMs: 0, audioEndMs: 3000, insertAtMs: 500 },
        videoDurationMs: 10_000,
        externalId: 'example-1',
      },
    }),
  },
  {
    query: `# 6. Lists Kling's voices and the caller's, and clones one.
query Voices {
  presetVoices(first: 5) { nodes { name sampleUrl } }
  voices(first: 5) { nodes { id name sampleUrl } }
}

mutation CloneVoice {
  createVoiceTask(input: { name: "Narrator", sample: { url: "${EXAMPLE_VOICE}" } }) {
    ... on VoiceTask { id status }
    ... on Failure { code message }
  }
}
`,
  },
];
