// How well a model does, in words. Pure.

import type { Model } from './protocol';

export function precision(model: Model): string {
  const { accuracy } = model;
  switch (model.card) {
    case 'fresh':
      return accuracy === null
        ? 'Its card says no average precision.'
        : `AP ${accuracy.ap.toFixed(3)} on ${accuracy.dataset} (${accuracy.photos} ${accuracy.photos === 1 ? 'photo' : 'photos'})`;
    case 'none':
      return 'No card: average precision unknown.';
    case 'stale':
      return 'Its card is about another file: average precision unknown.';
    case 'unreadable':
      return model.problem;
    case 'checking':
      return 'Looking at its card…';
  }
}
