// What became of a question, in words.
export const STATUS = { draft: 'statusDraft', adopted: 'statusAdopted', rejected: 'statusRejected', deferred: 'statusDeferred' } as const;
