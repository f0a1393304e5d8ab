// A view whose code comes when it is first looked at.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Notice } from './notice';

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: { View: ComponentType<Props> } | null = null;
  return function Lazy(props: Props) {
    const [got, setGot] = useState(loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      let over = false;
      if (got !== null) return;
      load().then(
        (View) => {
          loaded = { View };
          if (!over) setGot(loaded);
        },
        () => {
          if (!over) setFailed(true);
        },
      );
      return () => {
        over = true;
      };
    }, []);
    if (got !== null) return <got.View {...props} />;
    if (!failed) return <Notice title="Loading…" />;
    return (
      <Notice title="This part of the page couldn’t be loaded" text="The gateway doesn’t answer, or it has been updated.">
        <button type="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Notice>
    );
  };
}
