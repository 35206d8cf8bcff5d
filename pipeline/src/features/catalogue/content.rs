//! Definitions of the features of the words: relevance, requirements, length, diversity.

use super::FeatureDefinition;

/// Relevance to the question.
pub const RELEVANCE: FeatureDefinition = FeatureDefinition {
    name: "content.relevance",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Relevance to the question",
    title_zh: "切题程度",
    definition_en: "How far the answer is about what was asked. Each sentence is compared with the question and \
        the points of its rubric (cosine of sentence embeddings); the mean of the three closest sentences is \
        mapped linearly from 0.10 (unrelated) to 0.50 (the same matter). Without an embedding model for the \
        language: the share of the question's content words that the answer takes up, at lower confidence.",
    definition_zh: "回答与所提问题的相关程度。将每个句子与问题及评分要点比较（句向量余弦），取最接近的三句的平均值，\
        从 0.10（无关）到 0.50（同一内容）线性映射。该语言没有句向量模型时，取回答覆盖问题实词的比例，置信度较低。",
    source: "Reimers & Gurevych 2019 (Sentence-BERT); mapping: own definition",
};

/// Requirements of the position that were mentioned.
pub const REQUIREMENT_COVERAGE: FeatureDefinition = FeatureDefinition {
    name: "content.requirement_coverage",
    unit: "ratio",
    range: (0.0, 1.0),
    title_en: "Requirements mentioned",
    title_zh: "岗位要求命中率",
    definition_en: "Share of the position's requirements that the answer mentions, in their own words, in a synonym \
        given with the requirement or in the synonym table. Evidence: one line per requirement, ✓ hit, ≈ hit \
        through a synonym, ✗ not mentioned.",
    definition_zh: "回答中提到的岗位要求所占比例，包括原词、要求自带的同义词以及同义词表中的词。证据逐条列出：\
        ✓ 命中，≈ 同义词命中，✗ 未提到。",
    source: "own definition",
};

/// Length of the answer.
pub const LENGTH: FeatureDefinition = FeatureDefinition {
    name: "content.length",
    unit: "words",
    range: (0.0, 100_000.0),
    title_en: "Length of the answer",
    title_zh: "回答长度",
    definition_en: "Number of words without fillers; Mandarin words as divided by jieba (about 1.6 characters each).",
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

/// All definitions of this group, ordered by name.
pub const DEFINITIONS: &[FeatureDefinition] = &[LENGTH, LEXICAL_DIVERSITY, RELEVANCE, REQUIREMENT_COVERAGE];
