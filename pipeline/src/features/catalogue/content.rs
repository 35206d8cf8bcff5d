//! Definitions of the features of the words: rubric, relevance, requirements, logic, concreteness, behaviour.

use super::FeatureDefinition;

/// Coherence.
pub const COHERENCE: FeatureDefinition = FeatureDefinition {
    name: "content.coherence",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Coherence",
    title_zh: "连贯性",
    definition_en: "How much neighbouring parts of the answer have to do with each other: mean cosine of the \
        embeddings of runs of 12 words and the next run that does not overlap. Without embeddings: \
        share of neighbouring runs that share a content word, at lower confidence. Evidence: the \
        weakest link.",
    definition_zh: "回答前后部分的关联程度：每 12 个词一段，与其后不重叠的一段的句向量余弦的平均值。没有句向量时，取相邻段落共有实词的比例，置信度较低。证据为关联最弱之处。",
    source: "After Foltz, Kintsch & Landauer 1998 (coherence by vector similarity)",
};

/// Concrete details.
pub const CONCRETE_DETAILS: FeatureDefinition = FeatureDefinition {
    name: "content.concrete_details",
    unit: "1/100 words",
    range: (0.0, 100.0),
    title_en: "Concrete details",
    title_zh: "具体细节",
    definition_en: "Figures, numbers with what they count, times, places, organisations and other names, per 100 \
        words; neighbouring ones (“three weeks ago”) count once. English names are told by a capital where no \
        sentence begins and most words have none, Mandarin ones by the dictionary, surname with title, or Latin \
        capitals.",
    definition_zh: "每 100 个词中提到的数字、带量词的数量、时间、地点、机构及其他名称；相邻的（如“三个星期前”）只计一次。英文名称凭句中大写字母判断，中文名称凭词典（地名须在“在”“去”等词之后）、姓氏加称谓或大写拉丁字母判断。",
    source: "own definition; cf. criteria-based content analysis, Steller & Köhnken 1989",
};

/// Concreteness.
pub const CONCRETENESS: FeatureDefinition = FeatureDefinition {
    name: "content.concreteness",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Concreteness",
    title_zh: "具体程度",
    definition_en: "Half concrete details (6 per 100 words or more count fully), half narration of the speaker's \
        own past (0.4 or more counts fully).",
    definition_zh: "一半来自具体细节（每 100 词 6 处及以上为满），一半来自本人经历的叙述（0.4 及以上为满）。",
    source: "own definition",
};

/// Variety of connectives.
pub const CONNECTIVE_VARIETY: FeatureDefinition = FeatureDefinition {
    name: "content.connective_variety",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Variety of connectives",
    title_zh: "关联词种类",
    definition_en: "How many of the four kinds of connectives (cause, contrast, sequence, summary) occur, over \
        four.",
    definition_zh: "四类关联词（因果、转折、顺序、总结）中出现的类别数除以四。",
    source: "Halliday & Hasan 1976, Cohesion in English (kinds)",
};

/// Connectives.
pub const CONNECTIVES: FeatureDefinition = FeatureDefinition {
    name: "content.connectives",
    unit: "1/100 words",
    range: (0.0, 100.0),
    title_en: "Connectives",
    title_zh: "关联词",
    definition_en: "Connectives of cause, contrast, sequence and summary per 100 words, by the word lists of the \
        language.",
    definition_zh: "每 100 个词中表示因果、转折、顺序、总结的关联词数量，按该语言的词表统计。",
    source: "Halliday & Hasan 1976, Cohesion in English (kinds)",
};

/// Filler words.
pub const FILLERS: FeatureDefinition = FeatureDefinition {
    name: "content.fillers",
    unit: "1/100 words",
    range: (0.0, 100.0),
    title_en: "Filler words",
    title_zh: "填充词",
    definition_en: "Fillers per 100 words. Words that can also mean something count only between pauses, marks \
        or other fillers: “it was, like, late” but not “I like it”; “那个，” but not “那个客户”.",
    definition_zh: "每 100 个词中的填充词数量。有实义的词只在停顿、标点或其他填充词之间才计入：“那个，”计入，“那个客户”不计入。",
    source: "Clark & Fox Tree 2002 (fillers); word lists: own",
};

/// Initiative: questions asked.
pub const INITIATIVE: FeatureDefinition = FeatureDefinition {
    name: "content.initiative",
    unit: "count",
    range: (0.0, 1000.0),
    title_en: "Initiative: questions asked",
    title_zh: "主动性：主动提问",
    definition_en: "How often the candidate asks something, asked or would ask, told by the words and not by question \
        marks; not where it is denied.",
    definition_zh: "候选人提问、讲述曾询问或表示会去询问的次数；凭词语判断，与问号无关，被否定的不计。",
    source: "own definition",
};

/// Length of the answer.
pub const LENGTH: FeatureDefinition = FeatureDefinition {
    name: "content.length",
    unit: "words",
    range: (0.0, 100_000.0),
    title_en: "Length of the answer",
    title_zh: "回答长度",
    definition_en: "Number of words without fillers; Mandarin words as divided by jieba (about 1.6 characters \
        each).",
    definition_zh: "除去填充词后的词数；中文按 jieba 分词计算（平均每词约 1.6 个字）。",
    source: "own definition",
};

/// Variety of words.
pub const LEXICAL_DIVERSITY: FeatureDefinition = FeatureDefinition {
    name: "content.lexical_diversity",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Variety of words",
    title_zh: "词汇丰富度",
    definition_en: "Moving-average type-token ratio: the mean share of different words in every run of 50 words, \
        fillers left out. Not assessed below 50 words.",
    definition_zh: "移动平均类符／形符比：每连续 50 个词中不同词所占比例的平均值，不计填充词。不足 50 词时不评估。",
    source: "Covington & McFall 2010, Journal of Quantitative Linguistics 17(2)",
};

/// Own experience told.
pub const NARRATIVE: FeatureDefinition = FeatureDefinition {
    name: "content.narrative",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Own experience told",
    title_zh: "讲述亲身经历",
    definition_en: "Verbs and phrases in which the speaker reports what happened (first person, past) per 20 words, \
        at most 1; not what is denied or only imagined (“if I was”).",
    definition_zh: "每 20 个词中讲述亲身经历（第一人称、过去，如“我查了”）的说法，最多计 1；被否定或只是假设的不计。",
    source: "own definition; cf. past-behaviour questions, Janz 1982",
};

/// Likelihood of missing the topic.
pub const OFF_TOPIC: FeatureDefinition = FeatureDefinition {
    name: "content.off_topic",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Likelihood of missing the topic",
    title_zh: "偏题可能性",
    definition_en: "Logistic function of how far the answer is from question, rubric and position (the measure \
        behind content.relevance), of words of another topic that was not asked for (private life, pay, plans, \
        oneself) and, against it, of words of work and of dealing with somebody; a covered point of the rubric \
        lowers it. Where meaning is compared directly, an answer without such words must be clearly distant. From \
        0.5 on a person should look.",
    definition_zh: "根据回答与问题、评分要点、岗位的距离（即 content.relevance 所用度量）、未被问到的其他话题词语（私人生活、待遇、规划、自我介绍），以及作为反证的表示工作和与人打交道的词语计算的逻辑函数；覆盖要点时降低。直接比较语义时，没有这类词语的回答须明显偏离才算。0.5 以上请人工查看。",
    source: "own definition, fitted on labelled answers",
};

/// Patience and de-escalation.
pub const PATIENCE: FeatureDefinition = FeatureDefinition {
    name: "content.patience",
    unit: "count",
    range: (0.0, 1000.0),
    title_en: "Patience and de-escalation",
    title_zh: "耐心与安抚",
    definition_en: "Number of different phrases that acknowledge, apologise or calm and are not denied.",
    definition_zh: "表示理解、道歉或安抚且未被否定的不同说法的数量。",
    source: "own definition",
};

/// Steps in the right order.
pub const PROCEDURE_ORDER: FeatureDefinition = FeatureDefinition {
    name: "content.procedure_order",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Steps in the right order",
    title_zh: "步骤顺序",
    definition_en: "Of all pairs of covered steps of a procedure the share that was said in the order of the \
        rubric. Evidence names steps that came too early.",
    definition_zh: "已覆盖步骤两两比较，按要点规定顺序说出的比例。证据指出过早出现的步骤。",
    source: "share of concordant pairs (Kendall 1938)",
};

/// Answering a refusal.
pub const REFUSAL_HANDLING: FeatureDefinition = FeatureDefinition {
    name: "content.refusal_handling",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Answering a refusal",
    title_zh: "应对拒绝",
    definition_en: "In a scene of refusal: of four moves (acknowledge, ask for the reason, offer something else, \
        leave the door open) the share that occurs and is not denied.",
    definition_zh: "在“拒绝”情境中：四种做法（表示理解、询问原因、提出替代、留有余地）出现且未被否定的比例。",
    source: "own definition",
};

/// Relevance to the question.
pub const RELEVANCE: FeatureDefinition = FeatureDefinition {
    name: "content.relevance",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Relevance to the question",
    title_zh: "切题程度",
    definition_en: "How far the answer is about what was asked: cosine of the embedding of the whole answer \
        (mean of its runs of 12 words) with the closest of question, rubric points and position, \
        mapped linearly from 0.12 (unrelated) to 0.55. Without embeddings: shared content words, \
        related words and pairs of characters, at lower confidence. An answer that mostly says the question \
        again is worth what it adds.",
    definition_zh: "回答与所提问题的相关程度：整个回答的句向量（每 12 词一段取平均）与问题、评分要点、岗位中最接\
        近者的余弦，从 0.12（无关）到 0.55 线性映射。没有句向量时，按共有实词、相关词与字对计\
        算，置信度较低。主要复述问题的回答，只按其新增内容计。",
    source: "Reimers & Gurevych 2019 (Sentence-BERT); mapping: own, fitted on labelled answers",
};

/// Repetition.
pub const REPETITION: FeatureDefinition = FeatureDefinition {
    name: "content.repetition",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Repetition",
    title_zh: "重复",
    definition_en: "Share of runs of four words (six Chinese characters) that came before in the same answer.",
    definition_zh: "同一回答中，四个词（六个汉字）的连续片段在前文已出现过的比例。",
    source: "own definition",
};

/// Requirements mentioned.
pub const REQUIREMENT_COVERAGE: FeatureDefinition = FeatureDefinition {
    name: "content.requirement_coverage",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Requirements mentioned",
    title_zh: "岗位要求命中率",
    definition_en: "Share of the position's requirements that the answer mentions, in their own words without those \
        of a level (“proficient in”), in a synonym given with the requirement or in the synonym table; not where they \
        are denied (“no experience with Docker”). A name that is a common word (Go, Excel, IT) counts only where it is \
        meant: written as a name or beside words of using it. Evidence: one line per requirement, ✓ hit, ≈ hit \
        through a synonym, ✗ not mentioned.",
    definition_zh: "回答中提到的岗位要求所占比例，包括原词（不含“熟悉”“三年以上”等程度词）、要求自带的同义词以及同义词表中的词；被否定的（如“没用过Docker”）不计。兼为常用词的名称（Go、Excel、IT）须有依据才计入。证据逐条列出：✓ 命中，≈ 同义词命中，✗ 未提到。",
    source: "own definition",
};

/// Requirements in the résumé.
pub const RESUME_COVERAGE: FeatureDefinition = FeatureDefinition {
    name: "content.resume_coverage",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Requirements in the résumé",
    title_zh: "简历匹配率",
    definition_en: "Share of the position's requirements that the résumé names, found as in \
        content.requirement_coverage.",
    definition_zh: "简历中出现的岗位要求所占比例，方法同 content.requirement_coverage。",
    source: "own definition",
};

/// Points covered.
pub const RUBRIC_COVERAGE: FeatureDefinition = FeatureDefinition {
    name: "content.rubric_coverage",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Points covered",
    title_zh: "要点覆盖率",
    definition_en: "Share of the weight of the rubric's points that the answer covers. A point is found by a \
        blend of shared words, related words and similarity of meaning; lists of keywords and \
        denials prove nothing. Evidence: one line per point, ✓ with the sentence that proves it, ✗ \
        missing.",
    definition_zh: "回答覆盖的评分要点按权重所占比例。要点由共有词、相关词与语义相似度综合判断；只罗列关键词或加以否定的不算。证据逐条列出：✓ 及其依据的句子，✗ 未覆盖。",
    source: "own definition, fitted on labelled answers",
};

/// Required points covered.
pub const RUBRIC_MUST_COVERAGE: FeatureDefinition = FeatureDefinition {
    name: "content.rubric_must_coverage",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Required points covered",
    title_zh: "必答要点覆盖率",
    definition_en: "As content.rubric_coverage, over the points that must be there.",
    definition_zh: "同 content.rubric_coverage，仅限必答要点。",
    source: "own definition, fitted on labelled answers",
};

/// Self-corrections.
pub const SELF_CORRECTIONS: FeatureDefinition = FeatureDefinition {
    name: "content.self_corrections",
    unit: "1/100 words",
    range: (0.0, 100.0),
    title_en: "Self-corrections",
    title_zh: "自我更正",
    definition_en: "Phrases that begin a self-correction (“no wait”, “我是说”) per 100 words.",
    definition_zh: "每 100 个词中自我更正的说法（如“不对”“我是说”）。",
    source: "after Levelt 1983 (editing terms); word lists: own",
};

/// Length of sentences.
pub const SENTENCE_LENGTH: FeatureDefinition = FeatureDefinition {
    name: "content.sentence_length",
    unit: "words",
    range: (0.0, 1_000.0),
    title_en: "Length of sentences",
    title_zh: "句子长度",
    definition_en: "Mean number of words of sentences that end with a mark; sentences over 40 words (60 \
        characters) are divided at clauses.",
    definition_zh: "以标点结束的句子的平均词数；超过 40 个词（60 个字）的句子在分句处拆开。",
    source: "sentences: Unicode UAX #29",
};

/// Tone of the words.
pub const SENTIMENT: FeatureDefinition = FeatureDefinition {
    name: "content.sentiment",
    unit: "score",
    range: (-1.0, 1.0),
    title_en: "Tone of the words",
    title_zh: "措辞情感",
    definition_en: "Positive less negative words over both, turned round by a negation within three words of \
        the same sentence. Only where the policy allows it.",
    definition_zh: "（正面词数 − 负面词数）÷ 两者之和，前三个词内有否定则反转。仅在政策允许时评估。",
    source: "own definition; word lists: own",
};

/// Structure of a report.
pub const STRUCTURE: FeatureDefinition = FeatureDefinition {
    name: "content.structure",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Structure of a report",
    title_zh: "叙述结构",
    definition_en: "How many of situation, task, action and result are there, over four: marked by a cue phrase or, \
        with embeddings, told by a run of words that resembles example sentences of that part. Not assessed below \
        20 words.",
    definition_zh: "情境、任务、行动、结果四部分中出现的数量除以四：有提示语，或（有句向量时）有一段话与该部分的例句相近。不足 20 词时不评估。",
    source: "STAR: Latham et al. 1980 (situational interview) and common practice; cue phrases and examples: own",
};

/// No answer given.
pub const UNANSWERED: FeatureDefinition = FeatureDefinition {
    name: "content.unanswered",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "No answer given",
    title_zh: "未作答",
    definition_en: "1 where the candidate says that there is no answer (“I don't know”, “换个问题”, “n/a”) in most of at \
        most 50 words and covers no point, or where nothing was typed; else 0. What is done when one does not know \
        (“then I ask”) is an answer.",
    definition_zh: "在不超过 50 个词中主要表示无法回答（如“不知道”“换个问题”“无”）且未覆盖任何要点，或未输入任何内容时为 1，否则为 0。说明不知道时会怎么做（“就去问”）属于回答。",
    source: "own definition",
};

/// Vague phrases.
pub const VAGUENESS: FeatureDefinition = FeatureDefinition {
    name: "content.vagueness",
    unit: "1/100 words",
    range: (0.0, 100.0),
    title_en: "Vague phrases",
    title_zh: "空泛说法",
    definition_en: "Phrases that promise much and say little (“do my best”, “看情况”) per 100 words.",
    definition_zh: "每 100 个词中的空泛说法（如“尽力”“看情况”）。",
    source: "own definition; word lists: own",
};

/// All definitions of this group, ordered by name.
pub const DEFINITIONS: &[FeatureDefinition] = &[
    COHERENCE,
    CONCRETE_DETAILS,
    CONCRETENESS,
    CONNECTIVE_VARIETY,
    CONNECTIVES,
    FILLERS,
    INITIATIVE,
    LENGTH,
    LEXICAL_DIVERSITY,
    NARRATIVE,
    OFF_TOPIC,
    PATIENCE,
    PROCEDURE_ORDER,
    REFUSAL_HANDLING,
    RELEVANCE,
    REPETITION,
    REQUIREMENT_COVERAGE,
    RESUME_COVERAGE,
    RUBRIC_COVERAGE,
    RUBRIC_MUST_COVERAGE,
    SELF_CORRECTIONS,
    SENTENCE_LENGTH,
    SENTIMENT,
    STRUCTURE,
    UNANSWERED,
    VAGUENESS,
];
