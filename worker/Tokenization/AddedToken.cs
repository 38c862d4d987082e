namespace LightReasoner.Worker.Tokenization;

/// <summary>A token that is cut out of the text before the model sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Left out when special tokens are skipped.</param>
/// <param name="Normalized">Searched in the normalized text, by its normalized content.</param>
/// <param name="StripLeft">Takes the white space before it along.</param>
/// <param name="StripRight">Takes the white space after it along.</param>
/// <param name="SingleWord">Only counts where no word character touches it.</param>
internal sealed record AddedToken(int Id, string Content, bool Special, bool Normalized, bool StripLeft, bool StripRight, bool SingleWord);
