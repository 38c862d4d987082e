using LightReasoner.Api;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

public class PromptFormatTests
{
    private const string Template =
        "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";

    [Fact]
    public void Text_Auto_PutsSystemAndQuestionIntoTheChatTemplate()
    {
        var tokenizer = TestTokenizer.Create(Template);
        Assert.Equal("<system>Think.<user>1+1?<assistant>", PromptFormat.Text(tokenizer, new PromptSpec { System = "Think." }, "1+1?"));
        Assert.Equal("<user>1+1?<assistant>", PromptFormat.Text(tokenizer, new PromptSpec { System = "" }, "1+1?"));
        Assert.Equal(tokenizer.Encode("<user>1+1?<assistant>"), PromptFormat.Encode(tokenizer, new PromptSpec { System = "" }, "1+1?"));
    }

    [Fact]
    public void Text_None_IsTheQuestion() =>
        Assert.Equal("1+1?", PromptFormat.Text(TestTokenizer.Create(), new PromptSpec { Template = PromptTemplate.None }, "1+1?"));

    [Fact]
    public void Text_AutoWithoutTemplate_SaysWhatToDo() =>
        Assert.Contains("template to none", Assert.Throws<InvalidDataException>(() =>
            PromptFormat.Text(TestTokenizer.Create(), new PromptSpec(), "1+1?")).Message);
}
