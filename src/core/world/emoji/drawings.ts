/**
 * Concepts by pool, each with the art styles (letters in the order of `artStyles`) in which pre-training never sees it. Written
 * by tools/world-sheets.ts.
 */
export const drawings = {
  animals: `ant fg, baby chick fh, bat abe, bird ef, boar abcd, bug gh, butterfly abf, camel ef, cat cdh, cow eh
cow face abh, crab abe, crocodile cdh, deer ef, dog eh, dog face fh, dolphin abe, dragon abe, eagle abe
fox ef, frog cdg, goat cdh, gorilla ef, hatching chick abcd, horse abf, horse face cdf, lady beetle abg
lizard abe, monkey cde, monkey face cde, mouse cdh, mouse face fg, octopus abg, owl abf, ox cdh, panda ef
penguin cdf, poodle eh, rabbit abh, rabbit face eh, ram abcd, rhinoceros abf, rooster abcd, shark cdf
shrimp abcd, snail abh, snake abh, spiral shell fh, squid ef, tiger face cde, turkey ef, turtle abf
unicorn abe, water buffalo cdh, whale abe`,
  food: `amphora cde, avocado ef, baby bottle cde, bacon abf, baguette bread cde, banana cdg, beer mug fh
bottle with popping cork abh, burrito abf, cheese wedge cdf, cherries abf, chestnut abcd, cooked rice abf
cookie eg, cooking ef, croissant abcd, cucumber cde, curry rice abcd, doughnut cdg, ear of corn ef
egg abf, eggplant abf, fish cake with swirl ef, fork and knife cdg, fork and knife with plate ef
fried shrimp cdh, grapes fg, green apple abcd, hamburger cdg, hot dog ef, hot pepper abe, ice cream fg
kitchen knife cdg, lemon abcd, lollipop fg, meat on bone cde, melon eg, oden cdg, peach ef, peanuts cdf
pear abf, popcorn cde, pot of food cdf, poultry leg fh, rice ball cdh, roasted sweet potato fg, sake abe
shallow pan of food cde, soft ice cream abg, spaghetti cdh, strawberry cdg, sushi eg, taco abcd
tangerine abg, teacup without handle cde, tomato cdh, tropical drink cde, tumbler glass abe
watermelon cde, wine glass abh`,
  office: `ballot box with ballot ef, bookmark abcd, calendar abe, card file box abcd, card index dividers cdf
chart increasing cdf, clipboard cde, closed book eg, computer disk cde, computer mouse eg, crayon eg
credit card abh, desktop computer acd, dollar banknote cdh, envelope abg, fax machine cde
file cabinet eg, file folder abg, inbox tray eg, key abg, ledger cdg, locked cdf, mailbox abcd, memo cdf
mobile phone with arrow cdf, money bag cde, money with wings eg, newspaper cdf, notebook cdf, old key cdg
open book ef, optical disk cdf, package eg, page cde, paintbrush abe, pen abe, pencil cdg, postbox abg
printer cde, rolled-up newspaper fg, round pushpin eg, spiral notepad ef, straight ruler eg
telephone abe, telephone receiver ef, triangular ruler cde, wastebasket cdf`,
  play: `badminton abe, balloon eg, baseball abf, bowling cdf, boxing glove cde, bullseye cdf, christmas tree cdg
cricket game abcd, diamond suit abh, fireworks abf, flag in hole ef, flower playing cards abe
game die cdf, heart suit cdf, ice hockey ef, ice skate cde, jack-o-lantern abe, joystick cde
mahjong red dragon cde, martial arts uniform cde, military medal abcd, party popper eg
pine decoration abg, pool 8 ball cdf, reminder ribbon abf, rugby football eg, running shirt abcd
slot machine cdh, sparkles cdh, sports medal cdg, tanabata tree abf, trophy ef, video game fg
wind chime abf, wrapped gift abe`,
  sky: `camping cde, closed umbrella abf, cloud abe, cloud with lightning abe, cloud with rain cde
cloud with snow eg, comet cde, crescent moon cde, cyclone cdf, desert abe, desert island fg, droplet eg
fire eh, first quarter moon cdf, first quarter moon face cdf, full moon eg, high voltage ef
milky way cdg, mount fuji ef, mountain cde, national park cdf, new moon fh, new moon face abe
rainbow abg, shooting star abg, snowflake fh, snowman abh, star abg, sun ef, sun behind cloud abh
sun behind rain cloud cde, sun with face eg, thermometer cdf, tornado cdf, umbrella cdf
umbrella on ground abe, umbrella with rain drops abh, volcano abf, water wave abh, wind face ef`,
  source: `alembic cde, american football cde, balance scale cde, bar chart cde, barber pole cde, basketball cde
bathtub cde, battery cde, bear cde, bed cde, bento box cde, birthday cake cde, black nib cde, blossom cde
blowfish cde, bomb cde, bookmark tabs cde, books cde, bouquet cde, bow and arrow cde, bread cde
bridge at night cde, briefcase cde, building construction cde, cactus cde, candy cde, card index cde
carousel horse cde, carp streamer cde, carrot cde, castle cde, cat face cde, chains cde
cherry blossom cde, chicken cde, chipmunk cde, chocolate bar cde, church cde, circus tent cde
cityscape cde, clamp cde, classical building cde, clinking beer mugs cde, clinking glasses cde
club suit cde, cocktail glass cde, coffin cde, confetti ball cde, convenience store cde
couch and lamp cde, crossed swords cde, crystal ball cde, custard cde, dagger cde, dango cde
deciduous tree cde, derelict house cde, door cde, dove cde, dragon face cde, duck cde, e-mail cde
electric plug cde, elephant cde, envelope with arrow cde, evergreen tree cde, ewe cde, factory cde
fallen leaf cde, ferris wheel cde, field hockey cde, fish cde, fishing pole cde, floppy disk cde
foggy cde, fountain cde, four leaf clover cde, french fries cde, funeral urn cde, gear cde
glass of milk cde, goal net cde, green salad cde, hammer cde, hammer and wrench cde, hamster cde
herb cde, hibiscus cde, honey pot cde, honeybee cde, hospital cde, hot beverage cde, hot springs cde
hotel cde, house cde, houses cde, japanese castle cde, japanese dolls cde, joker cde, kaaba cde
keyboard cde, kiwi fruit cde, koala cde, label cde, laptop cde, leaf fluttering in wind cde, leopard cde
link cde, lion cde, locked with key cde, locked with pen cde, maple leaf cde, microscope cde, moai cde
mobile phone cde, moon viewing ceremony cde, mosque cde, mushroom cde, night with stars cde
nut and bolt cde, office building cde, pager cde, palm tree cde, pancakes cde, paperclip cde
paw prints cde, pick cde, pig face cde, pig nose cde, pill cde, pineapple cde, ping pong cde, pizza cde
post office cde, potato cde, pushpin cde, rat cde, red apple cde, ribbon cde, rice cracker cde
roller coaster cde, rose cde, rosette cde, satellite antenna cde, school cde, scissors cde, scorpion cde
scroll cde, seedling cde, shamrock cde, shaved ice cde, sheaf of rice cde, shield cde, shinto shrine cde
shopping cart cde, shortcake cde, shower cde, skis cde, soccer ball cde, spade suit cde, spider cde
spider web cde, spoon cde, stadium cde, statue of liberty cde, steaming bowl cde, sunflower cde
sunrise cde, sunrise over mountains cde, sunset cde, synagogue cde, syringe cde, telescope cde
ticket cde, tiger cde, toilet cde, tokyo tower cde, trackball cde, tropical fish cde, tulip cde
volleyball cde, wedding cde, white flower cde, wilted flower cde, wolf cde, wrench cde`,
  stage: `artist palette abf, bell abh, bell with slash abe, camera eg, candle abe, clapper board fh
control knobs abf, drum ef, film frames abe, film projector cdf, flashlight eh, framed picture ef
guitar cdf, headphone cdh, level slider abcd, light bulb cdg, loudspeaker ef, magnifying glass eh
megaphone ef, microphone cde, movie camera abe, musical keyboard fh, musical note cdf, musical score fh
muted speaker cde, performing arts abcd, postal horn abg, radio abcd, red paper lantern abg, saxophone fg
speaker high volume abf, studio microphone abe, television fh, trumpet abcd, video camera abe
videocassette abe, violin eg`,
  transport: `aerial tramway cdg, airplane fg, ambulance abh, anchor abe, articulated lorry abcd, automobile eg
bicycle fh, bullet train cdf, bus cde, bus stop eg, canoe cde, construction fh, delivery truck cdg
fire engine abg, fuel pump gh, helicopter cde, kick scooter abf, locomotive abe, metro ef, minibus abcd
motor scooter cde, motorcycle cdf, motorway cdf, oil drum abe, police car abg, police car light fh
racing car cdg, railway car abe, railway track abcd, rocket abg, sailboat eg, satellite cde, seat cdf
ship fg, small airplane cdf, speedboat eh, sport utility vehicle abf, stop sign cdf, taxi cde, tractor fg
traffic light gh, train abg`,
  wear: `backpack cde, bikini ef, blouse cde, boot gh, clutch bag abe, crown abcd, dress cdf, gem stone abf
glasses cdg, graduation cap abe, handbag fg, high-heeled shoe abf, jeans cdg, kimono eh, leather shoe cdh
lipstick cdg, necktie abg, prayer beads abcd, purse abh, rescue workers helmet abcd, ring abcd
running shoe abe, sandal cdh, shopping bags cdf, sun hat abe, sunglasses cdf, t-shirt abf, top hat abe`,
}
