namespace LightReasoner.Worker.Reporting.Charts;

/// <summary>What every chart has: size, grid, ticks and the names of the axes.</summary>
internal static class Frame
{
    public const double Width = 560, Height = 250, Left = 52, Right = 14, Top = 12, Bottom = 42;

    public static Html Svg(string description, Scale x, Scale y, string xName, string yName, Html content)
    {
        const double right = Width - Right, bottom = Height - Bottom;
        return Html.Of($"""
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{description}">
            {y.Ticks.Select(tick => Html.Of($"""
                <line class="grid" x1="{Left}" x2="{right}" y1="{y.At(tick):0.#}" y2="{y.At(tick):0.#}"/>
                <text class="tick" text-anchor="end" x="{Left - 7}" y="{y.At(tick) + 4:0.#}">{y.Label(tick)}</text>
                """))}
            {x.Ticks.Select(tick => Html.Of($"""
                <line class="mark" x1="{x.At(tick):0.#}" x2="{x.At(tick):0.#}" y1="{bottom}" y2="{bottom + 4}"/>
                <text class="tick" text-anchor="middle" x="{x.At(tick):0.#}" y="{bottom + 17}">{x.Label(tick)}</text>
                """))}
            <line class="axis" x1="{Left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>
            <text class="name" text-anchor="end" x="{right}" y="{Height - 8}">{xName}</text>
            <text class="name" x="{Left}" y="{Height - 8}">{(yName.Length > 0 ? "↑ " + yName : "")}</text>
            {content}
            </svg>
            """);
    }

    public static Html Figure(string title, Html chart, Html note) =>
        Html.Of($"<figure><h3>{title}</h3>{chart}<figcaption>{note}</figcaption></figure>\n");
}
