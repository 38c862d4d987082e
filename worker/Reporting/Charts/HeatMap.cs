namespace LightReasoner.Worker.Reporting.Charts;

internal static class HeatMap
{
    /// <summary>Draws counts; the opacity of a cell grows with the logarithm of its count.</summary>
    /// <param name="counts">Counts by bin: that of x · <paramref name="bins"/> + that of y.</param>
    public static Html Draw(string title, string xName, string yName, IReadOnlyDictionary<int, long> counts, int bins,
        double binWidth, Html note)
    {
        if (counts.Count == 0) return Html.Empty;
        var x = new Scale(0, (counts.Keys.Max(key => key / bins) + 1) * binWidth, Frame.Left, Frame.Width - Frame.Right, exact: true);
        var y = new Scale(0, (counts.Keys.Max(key => key % bins) + 1) * binWidth, Frame.Height - Frame.Bottom, Frame.Top, exact: true);
        var most = Math.Log(1 + counts.Values.Max());
        var cells = Html.Join(counts.Select(cell =>
        {
            double left = cell.Key / bins * binWidth, low = cell.Key % bins * binWidth, top = y.At(low + binWidth);
            return Html.Of($"""
                <rect class="bar c1" fill-opacity="{Math.Log(1 + cell.Value) / most:0.###}" x="{x.At(left):0.#}" y="{top:0.#}"
                width="{x.At(left + binWidth) - x.At(left):0.#}" height="{y.At(low) - top:0.#}">
                <title>{left:0.#} and {low:0.#}: {cell.Value:N0}</title></rect>
                """);
        }));
        return Frame.Figure(title, Frame.Svg($"{title}: {counts.Values.Sum():N0} in {counts.Count} cells", x, y, xName, yName, cells),
            note);
    }
}
