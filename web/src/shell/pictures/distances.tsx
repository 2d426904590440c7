import type { Pictures } from "../../api/types";
import { termName } from "../match/terms";
import { figure } from "../wording";
import "./distances.css";

/** What the distance to the reference is made of, before and after. */
export function Distances({ distances }: { distances: Pictures["distances"] }) {
  const scale = Math.max(...distances.flatMap(({ before, after }) => [before, after]), 1e-9);
  return (
    <section class="chart" aria-labelledby="distances">
      <div class="chart-head">
        <h3 id="distances">Distance to the reference</h3>
        <span class="text-dim">shorter is nearer</span>
        <ul class="chart-legend">
          <li class="chart-key chart-before">Before</li>
          <li class="chart-key chart-after">Mix</li>
        </ul>
      </div>
      <table class="distances">
        <thead class="only-spoken">
          <tr>
            <th scope="col">Term</th>
            <th scope="col">Before and after</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {distances.map((term) => (
            <tr key={term.key}>
              <th scope="row">{termName(term.key)}</th>
              <td class="distances-bars" aria-hidden="true">
                <span class="distances-bar chart-before" style={{ width: `${(100 * term.before) / scale}%` }} />
                <span class="distances-bar chart-after" style={{ width: `${(100 * term.after) / scale}%` }} />
              </td>
              <td class="figures text-dim">{figure(term.before, 2)}</td>
              <td class="figures">{figure(term.after, 2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
