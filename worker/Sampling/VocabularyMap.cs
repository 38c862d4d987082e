using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>How the tokens of two models go together.</summary>
/// <param name="Expert">Tokens of the expert.</param>
/// <param name="Common">Tokens that are spelled alike in both.</param>
/// <param name="Moved">Those of them whose ids differ.</param>
internal sealed record VocabularyFigures(int Expert, int Amateur, int Common, int Moved, IReadOnlyList<TwinToken> Examples);

/// <summary>A token that both models have, and its ids.</summary>
internal sealed record TwinToken(string Token, int ExpertId, int AmateurId);

/// <summary>
/// The tokens that expert and amateur have in common: those of equal ids where their tokenizers agree on the ids (the models may have
/// different numbers of unused rows), else those that are spelled alike.
/// </summary>
internal sealed class VocabularyMap
{
    /// <summary>
    /// Share of the expert's tokens that the amateur must have; below it the two distributions are about different things.
    /// </summary>
    private const double LeastShare = 0.8;

    private readonly Tokenizer? _expert, _amateur;
    private readonly int _amateurRows;
    private readonly int[]? _expertIds, _amateurIds; // the common tokens' ids, by the expert's id; null where they are the same, 0..Size-1
    private readonly Dictionary<int, int> _twins = [];

    private VocabularyMap(int size, int amateurRows) => (Size, _amateurRows) = (size, amateurRows);

    private VocabularyMap(Tokenizer expert, Tokenizer amateur, int amateurRows, List<TwinToken> pairs)
        : this(pairs.Count, amateurRows)
    {
        (_expert, _amateur, _twins) = (expert, amateur, pairs.ToDictionary(pair => pair.ExpertId, pair => pair.AmateurId));
        (_expertIds, _amateurIds) = ([.. pairs.Select(pair => pair.ExpertId)], [.. pairs.Select(pair => pair.AmateurId)]);
    }

    public int Size { get; }

    /// <summary>Whether a token has the same id in both.</summary>
    public bool SameIds => _expertIds is null;

    /// <summary>The first tokens of both, as many as both models have rows.</summary>
    public static VocabularyMap Equal(int expertRows, int amateurRows) => new(Math.Min(expertRows, amateurRows), amateurRows);

    /// <summary>Compares two tokenizers.</summary>
    /// <param name="expertRows">Tokens that the expert has logits for.</param>
    /// <exception cref="InvalidDataException">They share too few tokens.</exception>
    public static VocabularyMap Of(Tokenizer expert, int expertRows, Tokenizer amateur, int amateurRows)
    {
        var (tokens, _, pairs) = Match(expert, expertRows, amateur, amateurRows);
        if (pairs.Count < LeastShare * tokens)
        {
            throw new InvalidDataException(
                $"expert and amateur share {pairs.Count} of the expert's {tokens} tokens (the amateur has {amateur.VocabSize}); their "
                    + $"distributions can be compared only where at least {100 * LeastShare} % are shared; " +
                "take an amateur of the expert's family");
        }
        return Named(expert, Math.Min(expertRows, amateurRows)).All(own => amateur.IdToToken(own.Id) is not { } other || other == own.Token)
            ? Equal(expertRows, amateurRows) : new VocabularyMap(expert, amateur, amateurRows, pairs);
    }

    public static VocabularyFigures Compare(Tokenizer expert, int expertRows, Tokenizer amateur, int amateurRows)
    {
        const int Examples = 10;
        var (tokens, others, common) = Match(expert, expertRows, amateur, amateurRows);
        TwinToken[] moved = [.. common.Where(token => token.ExpertId != token.AmateurId)];
        return new VocabularyFigures(tokens, others, common.Count, moved.Length, [.. moved.Take(Examples)]);
    }

    /// <summary>The numbers of tokens of both, and those that are spelled alike, by the expert's id.</summary>
    private static (int Expert, int Amateur, List<TwinToken> Common) Match(Tokenizer expert, int expertRows, Tokenizer amateur,
        int amateurRows)
    {
        var amateurIds = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, token) in Named(amateur, amateurRows))
            amateurIds.TryAdd(token, id);
        (int Id, string Token)[] own = [.. Named(expert, expertRows)];
        return (own.Length, amateurIds.Count, [.. own.Where(one => amateurIds.ContainsKey(one.Token))
            .Select(one => new TwinToken(one.Token, one.Id, amateurIds[one.Token]))]);
    }

    private static IEnumerable<(int Id, string Token)> Named(Tokenizer tokenizer, int rows) => Enumerable.Range(0,
        Math.Min(tokenizer.VocabSize, rows))
        .Select(id => (Id: id, Token: tokenizer.IdToToken(id)!)).Where(one => one.Token is not null);

    /// <summary>The place among the common tokens of an expert's id; negative where it is not common.</summary>
    internal int CommonIndex(int expertId) => _expertIds is null ? expertId < Size ? expertId : -1
        : Array.BinarySearch(_expertIds, expertId);

    /// <summary>The expert's id of a common token.</summary>
    public int ExpertId(long token) => _expertIds?[token] ?? (int)token;

    /// <summary>Of the expert's probabilities [rows, its vocabulary] those of the common tokens, [rows, Size].</summary>
    internal Tensor OfExpert(Tensor probabilities) => Common(probabilities, _expertIds);

    /// <summary>Of the amateur's probabilities [rows, its vocabulary] those of the common tokens, [rows, Size].</summary>
    internal Tensor OfAmateur(Tensor probabilities) => Common(probabilities, _amateurIds);

    /// <summary>
    /// A sequence as the amateur reads it, and how many of its tokens stand for the first 1, 2, … of the expert's. A token that the amateur
    /// lacks becomes those that spell it.
    /// </summary>
    internal (int[] Ids, int[] Ends) ForAmateur(int[] ids)
    {
        if (SameIds)
            return (TokenIds.Check(ids, _amateurRows, "the expert's prompt and answer, which the amateur reads,"),
                [.. Enumerable.Range(1, ids.Length)]);
        var (read, ends) = (new List<int>(ids.Length), new int[ids.Length]);
        for (var i = 0; i < ids.Length; i++)
        {
            if (_twins.TryGetValue(ids[i], out var twin))
                read.Add(twin);
            else
                read.AddRange(_amateur!.Encode(_expert!.Decode([ids[i]])));
            ends[i] = read.Count;
        }
        return ([.. read], ends);
    }

    private Tensor Common(Tensor probabilities, int[]? ids) => ids is null ? probabilities.narrow(-1, 0, Size)
        : probabilities.index_select(-1, ids.ToDevice(probabilities.device));
}
