/** Words that are true of a thing and of others (from Unicode's CLDR). Written by tools/world-keywords.ts. */
export const keywords = `aerial tramway: car; airplane: aeroplane, fly, plane, travel; alembic: tool
ambulance: emergency, vehicle; american football: ball, bowl, sport
amphora: cooking, drink, tool, weapon, zodiac; anchor: tool; ant: animal, garden, insect
articulated lorry: car, drive, truck, vehicle; artist palette: art, entertainment, museum, painting
automobile: car, vehicle; avocado: food, fruit; baby bottle: drink, milk
baby chick: animal, bird, ornithology; backpack: bag, education, school; bacon: breakfast, food, meat
badminton: game; baguette bread: food, french; balance scale: tool, zodiac
balloon: birthday, celebrate, celebration; banana: fruit; bar chart: data, graph; barber pole: cut
baseball: ball, sport; basketball: ball, sport; bat: animal, vampire; bear: animal, face, honey
bed: hotel; beer mug: alcohol, bar, booze, drink, drinking, drinks, summer; bell: sound
bell with slash: mute, quiet, silent, sound; bento box: food; bicycle: bike
bikini: beach, clothing, pool, suit; bird: animal, ornithology
birthday cake: celebration, dessert, pastry, sweet; black nib: pen; blossom: flower, plant
blouse: clothes, clothing, collar, dress, dressed, lady, shirt, shopping, woman, woman’s
blowfish: animal, fish; boar: animal, pig; bomb: boom, comic, hot; bookmark: mark; bookmark tabs: mark
books: book, education, fantasy, knowledge, library, novels, reading, school
boot: clothes, clothing, dress, shoe, shoes, shopping, woman, woman’s
bottle with popping cork: bar, drink; bouquet: birthday, date, flower, love, plant, romance
bow and arrow: tool, weapon, zodiac; bowling: ball, game, sport; bread: food, grain, restaurant
briefcase: office; bug: animal, garden, insect; bullet train: nose, railway, travel
bullseye: bull, entertainment, game; burrito: mexican; bus: school, vehicle; butterfly: insect
cactus: desert, nature, plant; calendar: date; camel: animal, desert; camera: tbt, video; candle: light
candy: dessert, halloween, restaurant, sweet, tooth; canoe: boat; card index: old, school
carousel horse: entertainment; carp streamer: celebration; carrot: food, vegetable
castle: building, european; cat: animal, animals, kitten, pet; cat face: animal, kitten, pet
chart increasing: data, graph, growth, up; cherries: cherry, fruit, red
cherry blossom: flower, plant, spring; chestnut: plant; chicken: animal, bird, ornithology
chipmunk: animal; chocolate bar: candy, dessert, halloween, sweet, tooth; christmas tree: celebration
church: chapel, cross, religion; cityscape: city; clamp: tool; clapper board: movie
clinking beer mugs: alcohol, bar, booze, clink, drinking, drinks
clinking glasses: celebrate, clink, drink, glass; clipboard: notes; closed book: education
closed umbrella: clothing, rain; cloud: weather; cloud with lightning: weather; cloud with rain: weather
cloud with snow: cold, weather; club suit: card, game
clutch bag: clothes, clothing, dress, handbag, purse
cocktail glass: alcohol, bar, booze, club, drink, drinking, drinks; coffin: death, vampire; comet: space
computer disk: optical; confetti ball: celebrate, celebration, party, woohoo; control knobs: music
convenience store: building; cooked rice: food; cookie: chocolate, dessert, sweet
cooking: breakfast, egg, over, pan, restaurant, sunny, up; couch and lamp: hotel
cow: animal, animals, farm, milk, moo; cow face: animal, farm, milk, moo; crab: zodiac
credit card: bank, cash, money, pay; crescent moon: space; cricket game: ball, bat
crocodile: animal, zoo; croissant: bread, breakfast, crescent, food, french; crossed swords: weapon
crown: clothing, win; crystal ball: fairy, fairytale, fantasy, magic, tale, tool
cucumber: food, vegetable; curry rice: food; custard: dessert, sweet; cyclone: weather
dagger: knife, weapon; dango: dessert, japanese, skewer, stick, sweet; deciduous tree: forest, green
deer: animal; delivery truck: car, drive, vehicle; derelict house: home; diamond suit: card, game
dog: animal, animals, pet; dog face: animal, pet; dollar banknote: bank, bill, money, note
dolphin: animal, beach, ocean; doughnut: breakfast, dessert, food, sweet; dove: bird, fly, ornithology
dragon: animal, fairy, fairytale, tale; dragon face: animal, fairy, fairytale, tale
dress: clothes, clothing, dressed, fancy, shopping; droplet: cold, comic, drop, nature, water, weather
drum: music; duck: animal, bird, ornithology; e-mail: email, letter, mail
eagle: animal, bird, ornithology; ear of corn: farm; egg: breakfast, food; eggplant: vegetable
electric plug: electricity; elephant: animal; envelope: e-mail, email, letter
envelope with arrow: communication, down, e-mail, email, letter, mail
evergreen tree: christmas, forest, pine; ewe: animal, farm, fluffy, sheep; factory: building
fallen leaf: falling; fax machine: communication; ferris wheel: amusement, park, theme
field hockey: ball, game, stick; file cabinet: paper; film frames: cinema, movie
film projector: cinema, movie, video; fire: hot, tool; fire engine: truck
fireworks: boom, celebration, entertainment; first quarter moon: space; first quarter moon face: space
fish: animal, dinner, fishes, fishing, zodiac; fish cake with swirl: food, pastry, restaurant
fishing pole: entertainment, fish, sport; flag in hole: sport; flashlight: electric, light, tool
floppy disk: computer; flower playing cards: card, game, japanese
fork and knife: breakfast, cooking, dinner, eat, food, hungry, restaurant
fork and knife with plate: cooking, dinner, eat; four leaf clover: irish, plant; fox: animal, face
framed picture: art, museum, painting; french fries: fast, food; frog: animal, face; full moon: space
funeral urn: death; game die: entertainment; gear: tool
gem stone: diamond, engagement, money, romance, wedding; glass of milk: drink
glasses: clothing, eye, eyewear; goat: animal, farm, milk, zodiac; gorilla: animal
graduation cap: celebration, clothing, education, hat; grapes: fruit; green apple: fruit
green salad: food; guitar: instrument, music; hamburger: eat, fast, food, hungry
hammer: home, improvement, tool; hammer and wrench: spanner, tool; hamster: animal, face, pet
handbag: bag, clothes, clothing, dress, lady, purse, shopping; hatching chick: animal, baby, bird, egg
headphone: sound; heart suit: card, game; helicopter: travel, vehicle; herb: leaf, plant
hibiscus: flower, plant; high voltage: electric, electricity, lightning, nature
high-heeled shoe: clothes, clothing, dress, shoes, shopping, woman; honey pot: bear, food, sweet
honeybee: animal, honey, insect, nature, spring; horse: animal, farm, racing; horse face: animal, farm
hospital: building, doctor, medicine; hot beverage: drink, morning, steaming, tea; hot springs: steaming
hotel: building; house: building, heart, home; houses: house; ice cream: dessert, food, restaurant, sweet
ice hockey: game, stick; inbox tray: box, email, letter, mail, receive
jack-o-lantern: celebration, halloween, lantern; japanese castle: building; japanese dolls: celebration
jeans: blue, casual, clothes, clothing, dressed, shopping, weekend; joker: card, game
joystick: game, video; kaaba: islam, muslim, religion; key: lock; keyboard: computer; kimono: clothing
kitchen knife: cooking, tool, weapon; kiwi fruit: food; koala: animal, bear, down, face
lady beetle: animal, garden, insect, nature; laptop: computer, office; leaf fluttering in wind: blow
leather shoe: clothes, clothing, feet, kick, man, shoes, shopping; ledger: notebook; lemon: citrus, fruit
leopard: animal, big, cat, predator, zoo; level slider: music; light bulb: comic, electric
lion: animal, face, zodiac; lipstick: date; lizard: animal; locked: closed, lock
locked with key: bike, closed, lock; locked with pen: lock, nib
locomotive: engine, railway, train, travel; lollipop: candy, dessert, food, restaurant, sweet
loudspeaker: communication, loud, sound; magnifying glass: lab, science, tool; mahjong red dragon: game
mailbox: closed, communication, flag, mail; maple leaf: falling; megaphone: sound; melon: fruit
memo: communication, notes, pencil; metro: travel; microphone: mic, music, sound
microscope: lab, science, tool; military medal: award, celebration; milky way: space
minibus: bus, drive, vehicle; moai: face, statue, travel; mobile phone: cell, communication, telephone
mobile phone with arrow: cell, communication, receive, telephone
money bag: bank, billion, cash, dollar, gold, million, pot, win
money with wings: bank, banknote, bill, billion, cash, dollar, fly, million, note, pay
monkey: animal, banana; monkey face: animal, banana; moon viewing ceremony: celebration
mosque: islam, muslim, religion; motorcycle: racing; mount fuji: mountain, nature; mouse: animal, animals
mouse face: animal; movie camera: cinema, film; musical keyboard: instrument, music
musical note: music, sound; musical score: music, note; muted speaker: mute, quiet, silent, sound
necktie: clothing, shirt; new moon: dark, space; new moon face: space
newspaper: communication, news, paper; night with stars: star; nut and bolt: home, improvement, tool
octopus: animal, ocean; oden: food, restaurant, skewer, stick; office building: city; old key: lock
open book: education, fantasy, knowledge, library, novels, reading; optical disk: computer
owl: animal, bird, ornithology; ox: animal, animals, bull, farm, zodiac
package: box, communication, delivery; page: paper, up; pager: communication; paintbrush: painting
palm tree: beach, plant, tropical; pancakes: breakfast, food; panda: animal, bamboo, face
party popper: birthday, celebrate, celebration, woohoo; paw prints: feet; peach: fruit
peanuts: food, nut, vegetable; pear: fruit; penguin: animal, bird, ornithology
performing arts: art, entertainment; pick: hammer, tool; pig face: animal, farm
pig nose: animal, face, farm; pill: doctor, medicine, sick, vitamin
pine decoration: bamboo, celebration, japanese, plant; pineapple: fruit, tropical
ping pong: ball, bat, game, tennis; pizza: cheese, food, hungry, slice; police car light: emergency
poodle: animal, dog, fluffy; pool 8 ball: game; popcorn: corn, movie; post office: building, european
postal horn: post; postbox: mail, mailbox; pot of food: soup; potato: food, vegetable
poultry leg: bone, hungry; prayer beads: clothing, religion; printer: computer
purse: clothes, clothing, dress, fancy, handbag, shopping; pushpin: pin; rabbit: animal, bunny, pet
rabbit face: animal, bunny, pet; radio: entertainment, tbt, video; railway car: electric, train, travel
railway track: train; rainbow: nature, rain, weather; ram: animal, sheep, zodiac, zoo; rat: animal
red apple: food, fruit; red paper lantern: bar, light, restaurant; reminder ribbon: celebration
rescue workers helmet: cross, face, hat; rhinoceros: animal; ribbon: celebration
rice ball: food, japanese; rice cracker: food; ring: diamond, engagement, romance, wedding
roasted sweet potato: food; rocket: space, travel; rolled-up newspaper: news, paper
roller coaster: amusement, park, theme; rooster: animal, bird, ornithology
rose: flower, love, plant, red; rosette: plant; round pushpin: pin; rugby football: ball, sport
running shoe: clothes, clothing, fast, kick, shoes, shopping, tennis; sailboat: boat, sea
sake: bar, beverage, bottle, cup, drink, restaurant; sandal: clothing, shoe, woman, woman’s
satellite: space; satellite antenna: contact, science; saxophone: instrument, music; school: building
scissors: cut, paper, tool; scorpion: zodiac; scroll: paper; seedling: plant; shamrock: irish, plant
shark: animal, fish; shaved ice: dessert, restaurant, sweet; sheaf of rice: ear, grain, plant
shield: weapon; shinto shrine: religion; ship: boat, travel; shooting star: falling, night, space
shopping bags: bag, hotel; shortcake: cake, dessert, pastry, slice, sweet; shower: water
shrimp: food, small; skis: snow, sport; slot machine: game; small airplane: aeroplane, plane
snail: animal, garden, nature; snake: animal, zodiac; snowflake: cold, snow, weather
snowman: cold, man, snow; soccer ball: football, sport; soft ice cream: dessert, food, restaurant, sweet
spade suit: card, game; spaghetti: food, restaurant; sparkles: magic, star
speaker high volume: loud, music, sound; speedboat: boat, summer, travel; spider: animal, insect
spiral notepad: note; spiral shell: animal, beach, sea; spoon: eat; sport utility vehicle: car, drive
sports medal: award, gold; squid: animal, food; star: stars, white; statue of liberty: new
steaming bowl: food, soup; straight ruler: angle, math; strawberry: fruit; studio microphone: mic, music
sun: bright, space, sunny, weather; sun behind cloud: weather; sun behind rain cloud: weather
sun hat: clothes, clothing, garden, party, woman, woman’s; sun with face: beach, bright, sunny, weather
sunflower: flower, plant, sun; sunglasses: dark, eye, eyewear, glasses; sunrise: morning, nature, sun
sunrise over mountains: morning, sun; sunset: building, sun; sushi: food; synagogue: religion
syringe: doctor, medicine, shot, sick, tool
t-shirt: blue, casual, clothes, clothing, collar, dressed, shirt, shopping, weekend; taco: mexican
tanabata tree: celebration, japanese; tangerine: citrus, fruit, vitamin; taxi: car, drive, vehicle
teacup without handle: beverage, cup, drink, tea; telephone: phone
telephone receiver: communication, phone; telescope: contact, science, tool; television: video
thermometer: weather; tiger: animal, big, cat, predator, zoo; tiger face: animal, big, cat, predator
tomato: food, fruit, vegetable; top hat: clothes, clothing, fancy, magic; tornado: cloud, weather
trackball: computer; tractor: vehicle; traffic light: stop; train: railway; triangular ruler: angle, math
trophy: sport, win; tropical drink: alcohol, bar, booze, club, cocktail, drinking, drinks, party
tropical fish: animal, fishes; trumpet: instrument, music; tulip: blossom, flower, growth, plant
tumbler glass: shot; turkey: bird; turtle: animal; umbrella: clothing, rain
umbrella on ground: rain, sun; umbrella with rain drops: clothing, drop, weather; unicorn: face
video camera: tbt; video game: entertainment; videocassette: old, school, video
violin: instrument, music; volcano: mountain, nature; volleyball: ball, game; water buffalo: animal, zoo
water wave: nature, ocean; watermelon: fruit; wedding: chapel, romance; whale: animal, beach, ocean
wind chime: bell, celebration; wind face: blow, cloud
wine glass: alcohol, bar, beverage, booze, club, drink, drinking, drinks, restaurant; wolf: animal, face
wrapped gift: birthday, bow, box, celebration, christmas; wrench: home, improvement, spanner, tool`
