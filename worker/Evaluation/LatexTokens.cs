namespace LightReasoner.Worker.Evaluation;

/// <summary>A dialect of LaTeX mathematics.</summary>
internal enum LatexDialect
{
    /// <summary>What sympy's <c>parse_latex</c> reads: as far as it makes sense, the rest is ignored; every command is a symbol.</summary>
    Sympy,

    /// <summary>
    /// What only the published evaluation's last resort (<c>latex2sympy</c>) reads: dollar signs, percentages, matrices, lists; π has its
    /// value.
    /// </summary>
    Fallback,

    /// <summary>
    /// What a mathematician reads: the whole text, without lists; π, e and i have their values, <c>x(x+1)</c> is a product.
    /// </summary>
    Plain,
}

/// <summary>
/// Cuts LaTeX into tokens: single characters, commands with their backslash, and <c>d</c> with the variable behind it (a differential).
/// </summary>
internal static class LatexTokens
{
    /// <summary>A character that does not belong to the dialect.</summary>
    public const string Error = "";

    /// <summary>Greek letters and the like, which are variables.</summary>
    public static readonly HashSet<string> Letters =
    [
        .. ("alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho varrho sigma varsigma "
            + "tau upsilon phi varphi chi psi omega "
            + "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega infty hbar ell partial nabla").Split(' '),
    ];

    /// <summary>Commands that change the look of what is in the braces behind them.</summary>
    public static readonly HashSet<string> Accents =
        [.. "text textbf textit mathrm mathbf mathcal mathit bar overline hat vec dot ddot tilde boldsymbol mbox".Split(' ')];

    /// <summary>Functions of what is behind them.</summary>
    public static readonly HashSet<string> Functions =
    [
        .. "exp log lg ln sin cos tan csc sec cot arcsin arccos arctan arccsc arcsec arccot sinh cosh tanh arsinh arcosh artanh".Split(' '),
    ];

    private static readonly HashSet<string> FallbackCommands =
        [.. Letters, .. Accents, .. Functions, .. "frac binom sqrt lfloor rfloor lceil rceil begin end".Split(' ')];

    private static readonly HashSet<string> Skipped =
    [
        @"\thinspace", @"\medspace", @"\thickspace", @"\quad", @"\qquad", @"\negthinspace", @"\negmedspace", @"\negthickspace", @"\left",
            @"\right", @"\vrule", @"\vcenter",
        @"\vbox", @"\vskip", @"\vspace", @"\hfil", @"\,", @"\:", @"\;", @"\!", @"\*", @"\-", @"\.", @"\/", "\\\"", @"\(", @"\=",
    ];

    // Token and what it stands for, in turn.
    private static readonly Dictionary<string, string> Synonyms = Pairs(
        @"\leq ≤ \le ≤ \leqq ≤ \leqslant ≤ \geq ≥ \ge ≥ \geqq ≥ \geqslant ≥ \neq ≠ <= ≤ >= ≥ \times * \cdot * \div / : / "
        + @"\dfrac \frac \tfrac \frac \dbinom \binom \tbinom \binom");

    private static readonly Dictionary<string, string> MoreSynonyms = Pairs(
        @"\lt < \gt > \ne ≠ − - – - × * ⋅ * · * ÷ / π \pi ∞ \infty \lbrace \{ \rbrace \} \% % ∪ \cup ° \degree ² ^2 ³ ^3");

    private static Dictionary<string, string> Pairs(string text) =>
        text.Split(' ').Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>The tokens; the last is <see cref="Error"/> where a character is not known.</summary>
    public static List<string> Of(string text, LatexDialect dialect, bool python = false)
    {
        var tokens = new List<string>();
        for (int at = 0; at < text.Length;)
        {
            var length = text[at] is '<' or '>' && at + 1 < text.Length && text[at + 1] == '=' && (python || dialect == LatexDialect.Plain)
                ? 2 : Length(text, at, dialect);
            var token = text.Substring(at, length);
            at += length;
            if (Skipped.Contains(token) || char.IsWhiteSpace(token[0]) || (dialect != LatexDialect.Sympy && token is "$" or "~")
                || (dialect == LatexDialect.Plain && token is @"\$" or @"\ ")) continue;
            token = Synonyms.GetValueOrDefault(token, token);
            if (dialect == LatexDialect.Plain) token = MoreSynonyms.GetValueOrDefault(token, token);
            if (token.Length == 2 && token[0] == '^')
            {
                tokens.Add("^");
                token = token[1..];
            }
            var known = token.Length > 1
                ? token[0] != '\\' || char.IsAsciiLetter(token[1]) || token is @"\{" or @"\}"
                    || (dialect != LatexDialect.Sympy && token is @"\\" or @"\%")
                : char.IsAsciiLetterOrDigit(token[0]) || "+-*/()[]{}|_^=<>≤≥≠!,.'".Contains(token[0])
                    || (dialect != LatexDialect.Sympy && token == "&") || (dialect == LatexDialect.Plain && token == "%");
            if (!known || (dialect == LatexDialect.Fallback && token.Length > 1 && token[0] == '\\' && char.IsAsciiLetter(token[1])
                && !FallbackCommands.Contains(token[1..]))) token = Error;
            tokens.Add(token);
            if (token == Error) break;
        }
        return tokens;
    }

    /// <summary>The whole name of a command, of a differential, or one character.</summary>
    private static int Length(string text, int at, LatexDialect dialect)
    {
        int Letters(int from)
        {
            var end = from;
            while (end < text.Length && char.IsAsciiLetter(text[end])) end++;
            return end - from;
        }
        if (text[at] == '\\')
        {
            var letters = Letters(at + 1);
            if (letters == 0) return Math.Min(2, text.Length - at);
            return text.AsSpan(at, letters + 1) is @"\left" or @"\right" && at + letters + 1 < text.Length && text[at + letters + 1] == '|'
                && dialect == LatexDialect.Sympy ? letters + 2 : letters + 1;
        }
        if (text[at] != 'd' || dialect == LatexDialect.Plain) return 1;
        var next = at + 1;
        while (next < text.Length && char.IsWhiteSpace(text[next])) next++;
        if (next >= text.Length) return 1;
        return char.IsAsciiLetter(text[next]) ? next + 1 - at : text[next] == '\\' && Letters(next + 1) is > 0 and var name
            ? next + 1 + name - at : 1;
    }
}
