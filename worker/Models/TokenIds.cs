namespace LightReasoner.Worker.Models;

/// <summary>The check of token ids before a model reads them.</summary>
internal static class TokenIds
{
    /// <summary>The ids, if the model has all of them.</summary>
    /// <param name="ids">What the model is to read.</param>
    /// <param name="what">What the ids are and where they stand, for the message.</param>
    /// <exception cref="InvalidDataException">The model lacks one.</exception>
    public static int[] Check(int[] ids, int vocabulary, string what)
    {
        foreach (var id in ids)
        {
            if (id < 0 || id >= vocabulary)
                throw new InvalidDataException(
                    $"{what} has token id {id}, and the model knows {vocabulary} tokens (config.json: vocab_size); does the tokenizer "
                        + "belong to it?");
        }
        return ids;
    }
}
