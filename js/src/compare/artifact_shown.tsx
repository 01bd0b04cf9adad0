// One stored artifact, so that nothing of it runs; the twin of views/artifact_view.py.
import { Shown } from "../chrome/shown";
import type { ArtifactView } from "./types";

export function ArtifactShown({ view }: { view: ArtifactView }) {
  if (view.told !== undefined) return <div class="ct-art-told">{view.told}</div>;
  if (view.table) return <Table {...view.table} />;
  if (view.drawn) return <img class="ct-art-drawn" src={view.drawn} alt={view.name} />;
  if (view.sound) {
    // biome-ignore lint/a11y/useMediaCaption: nobody has written down what was recorded
    return <audio class="ct-art-sound" controls preload="metadata" src={view.sound} />;
  }
  if (view.picture) return <Picture src={view.picture} name={view.name} />;
  return <Shown output={view} />;
}

/** Pixels of a picture of few are seen as such. */
const SMALL = 96;
const ENLARGED = 168;

function Picture({ src, name }: { src: string; name: string }) {
  const enlarge = ({ currentTarget: picture }: { currentTarget: HTMLImageElement }) => {
    const width = picture.naturalWidth;
    const isSmall = width > 0 && width <= SMALL && picture.naturalHeight <= SMALL;
    picture.style.width = isSmall ? `${width * Math.floor(ENLARGED / width)}px` : "";
    picture.style.imageRendering = isSmall ? "pixelated" : "";
  };
  return <img class="ct-picture" src={src} alt={name} onLoad={enlarge} />;
}

function Table({ heads, rows, note }: { heads: string[]; rows: string[][]; note: string }) {
  return (
    <>
      <div class="ct-art-table">
        <table>
          <thead>
            <tr>
              {heads.map((head, place) => (
                <th key={place}>{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, place) => (
              <tr key={place}>
                {row.map((text, column) => (
                  <td key={column}>{text}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="ct-option-hint">{note}</div>
    </>
  );
}
