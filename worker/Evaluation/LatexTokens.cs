namespace LightReasoner.Worker.Evaluation;

internal enum LatexDialect
{
    Sympy, // what sympy's parse_latex reads: as far as it makes sense, the rest is ignored; every command is a symbol
    Fallback, // what only the published last resort (latex2sympy) reads: $, percentages, matrices, lists; π has its value
    Plain, // what a mathematician reads: all of it, no lists; π, e and i have their values, x(x+1) is a product
}

/// <summary>Cuts LaTeX into tokens: characters, commands with their backslash, and differentials (<c>d</c> with its variable).</summary>
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
        .. (@"\thinspace \medspace \thickspace \quad \qquad \negthinspace \negmedspace \negthickspace \left \right \vrule \vcenter "
            + @"\vbox \vskip \vspace \hfil \, \: \; \! \* \- \. \/ \"" \( \=").Split(' '),
    ];

    // Token and what it stands for, in turn.
    private static readonly Dictionary<string, string> Synonyms = Pairs(
        @"\leq ≤ \le ≤ \leqq ≤ \leqslant ≤ \geq ≥ \ge ≥ \geqq ≥ \geqslant ≥ \neq ≠ <= ≤ >= ≥ \times * \cdot * \div / : / "
        + @"\dfrac \frac \tfrac \frac \dbinom \binom \tbinom \binom");

    private static readonly Dictionary<string, string> MoreSynonyms = Pairs(
        @"\lt < \gt > \ne ≠ − - – - × * ⋅ * · * ÷ / π \pi ∞ \infty \lbrace \{ \rbrace \} \% % ∪ \cup ° \degree ² ^2 ³ ^3");

    private static readonly Regex Sympy = Pattern(@"\\(?:left|right)\||", differentials: true),
        Fallback = Pattern("", differentials: true), Python = Pattern("[<>]=|", differentials: true),
        Plain = Pattern("[<>]=|", differentials: false);

    private static Dictionary<string, string> Pairs(string text) =>
        text.Split(' ').Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>The tokens; the last is <see cref="Error"/> where a character is not known.</summary>
    public static List<string> Of(string text, LatexDialect dialect, bool python = false)
    {
        var tokens = new List<string>();
        var pattern = dialect switch { LatexDialect.Plain => Plain, LatexDialect.Sympy => Sympy, _ => python ? Python : Fallback };
        foreach (var match in pattern.EnumerateMatches(text))
        {
            var token = text.Substring(match.Index, match.Length);
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

    /// <param name="first">What else has several characters: inequalities, or (sympy) <c>\left|</c>.</param>
    private static Regex Pattern(string first, bool differentials) => new(first + @"\\[a-zA-Z]+|\\.?|"
        + (differentials ? @"d\s*(?:[a-zA-Z]|\\[a-zA-Z]+)|" : "") + ".", RegexOptions.Singleline);
}
